/* What Prometheus would read: a strict parser of the exposition format 0.0.4, and what stands in it. */
#include "common/histogram.h"
#include "server/srv_metrics.h"
#include "test_srv_world.h"

enum { SERIES_MAX = 256, NAME_MAX_LEN = 160 };

static struct histogram answer_time, sync_time;
static struct text text;
static struct {
    char name[NAME_MAX_LEN]; /* with its labels */
    double value;
} series[SERIES_MAX];
static size_t n_series;

/* ---- the parser: [a-zA-Z_:][a-zA-Z0-9_:]* ["{" name="value", ... "}"] SP value LF ---- */

static size_t name_len(const char *at)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    return strspn(at, first) == 0 ? 0 : strspn(at, all);
}

/* Past the labels, if there are any; NULL if they are not well-formed. */
static const char *skip_labels(const char *at)
{
    if (*at != '{')
        return at;
    for (at++; *at != '}'; at++) {
        size_t len = name_len(at);
        at += len;
        if (len == 0 || strncmp(at, "=\"", 2) != 0)
            return NULL;
        at += 2 + strcspn(at + 2, "\"\\\n");
        if (*at != '"' || (at[1] != ',' && at[1] != '}'))
            return NULL;
        if (*++at == '}')
            break;
    }
    return at + 1;
}

/* The family of a sample: a histogram has three kinds. */
static bool is_of_family(const char *sample, size_t len, const char *family, const char *type)
{
    static const char *const suffixes[] = {"_bucket", "_sum", "_count"};
    size_t family_len = strlen(family);
    if (strncmp(sample, family, family_len) != 0)
        return false;
    if (strcmp(type, "histogram") != 0)
        return len == family_len;
    for (size_t i = 0; i < 3; i++)
        if (len == family_len + strlen(suffixes[i]) &&
            strncmp(sample + family_len, suffixes[i], len - family_len) == 0)
            return true;
    return false;
}

static bool read_sample(const char *line, size_t len, const char *family, const char *type)
{
    const char *labels = line + name_len(line), *end = skip_labels(labels);
    char *rest;
    if (labels == line || end == NULL || *end != ' ' || end > line + len ||
        !is_of_family(line, (size_t)(labels - line), family, type))
        return false;
    double value = strtod(end + 1, &rest);
    if (rest == end + 1 || rest != line + len || value < 0 || n_series == SERIES_MAX ||
        end - line >= NAME_MAX_LEN)
        return false;
    snprintf(series[n_series].name, NAME_MAX_LEN, "%.*s", (int)(end - line), line);
    for (size_t i = 0; i < n_series; i++)
        if (strcmp(series[i].name, series[n_series].name) == 0)
            return false; /* each series once */
    series[n_series++].value = value;
    return true;
}

/* The number of the first line that is wrong; 0: none is. Each family starts with HELP and TYPE, and comes
 * once. */
static unsigned parse_exposition(const char *document)
{
    char family[NAME_MAX_LEN] = "", type[16] = "", families[4096] = "";
    unsigned number = 0;
    bool has_type = true;
    n_series = 0;
    for (const char *line = document; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        char name[NAME_MAX_LEN], mark[NAME_MAX_LEN + 2];
        number++;
        if (line[len] != '\n' || len == 0)
            return number;
        if (sscanf(line, "# HELP %150s", name) == 1) {
            snprintf(mark, sizeof mark, " %s ", name);
            if (!has_type || name_len(name) != strlen(name) || strstr(families, mark) != NULL)
                return number;
            snprintf(family, sizeof family, "%s", name);
            strncat(families, mark, sizeof families - strlen(families) - 1);
            has_type = false;
        } else if (sscanf(line, "# TYPE %150s %15s", name, type) == 2) {
            if (has_type || strcmp(name, family) != 0 ||
                (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0 &&
                 strcmp(type, "histogram") != 0))
                return number;
            has_type = true;
        } else if (!has_type || !read_sample(line, len, family, type)) {
            return number;
        }
    }
    return has_type ? 0 : number;
}

static double value_of(const char *name)
{
    for (size_t i = 0; i < n_series; i++)
        if (strcmp(series[i].name, name) == 0)
            return series[i].value;
    print_error("there is no %s in:\n%s", name, text.buf);
    fail();
    return -1;
}

static bool has_series(const char *name)
{
    for (size_t i = 0; i < n_series; i++)
        if (strcmp(series[i].name, name) == 0)
            return true;
    return false;
}

static void scrape(bool has_store)
{
    text_fini(&text);
    text_init(&text);
    srv_metrics_format(&(struct srv_metrics){.engine = engine,
                                             .config = config,
                                             .answer_time = &answer_time,
                                             .sync_time = has_store ? &sync_time : NULL,
                                             .store_failures = 3,
                                             .log_suppressed = 9,
                                             .queue_length = 7,
                                             .uptime_ms = 61005},
                       &text);
    assert_false(text.failed);
    assert_int_equal(parse_exposition(text.buf), 0);
}

static int teardown(void **state)
{
    text_fini(&text);
    answer_time = sync_time = (struct histogram){0};
    return stop(state);
}

/* ---- the parser finds what is wrong ---- */

static void the_parser_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        unsigned line;
    } rows[] = {
        {"# HELP a b\n# TYPE a counter\na 1\n", 0},
        {"# HELP a b\n# TYPE a counter\na{x=\"1\",y=\"2\"} 1.5e3\n", 0},
        {"# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 2\na_count 1\n", 0},
        {"a 1\n", 1},
        {"# HELP a b\na 1\n", 2},
        {"# HELP a b\n# TYPE a cuonter\na 1\n", 2},
        {"# HELP a b\n# TYPE b counter\n", 2},
        {"# HELP a b\n# TYPE a counter\nb 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na_sum 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na 1", 3},
        {"# HELP a b\n# TYPE a counter\na\n", 3},
        {"# HELP a b\n# TYPE a counter\na 1 \n", 3},
        {"# HELP a b\n# TYPE a counter\na x\n", 3},
        {"# HELP a b\n# TYPE a counter\na{x=1} 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na{x=\"1\" 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na{x=\"1\"y=\"2\"} 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na{x=\"\n\"} 1\n", 3},
        {"# HELP a b\n# TYPE a counter\na 1\na 2\n", 4},
        {"# HELP a b\n# TYPE a counter\na 1\n# HELP a b\n", 4},
        {"# HELP a b\n# TYPE a counter\n\na 1\n", 3},
        {"# HELP 1a b\n", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (parse_exposition(rows[i].document) != rows[i].line) {
            print_error("line %u, not %u:\n%s", parse_exposition(rows[i].document), rows[i].line,
                        rows[i].document);
            fail();
        }
    start(basic); /* for the end of the test */
}

/* ---- what it tells ---- */

static void messages_and_reasons_are_counted(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    init_reboot('b', IP(10, 0, 0, 11));
    expect_silence(REASON_UNKNOWN_CLIENT);
    scrape(true);
    assert_true(value_of("dhcplab_server_received_total{type=\"DISCOVER\"}") == 1);
    assert_true(value_of("dhcplab_server_received_total{type=\"REQUEST\"}") == 2);
    assert_true(value_of("dhcplab_server_received_total{type=\"RELEASE\"}") == 0);
    assert_false(has_series("dhcplab_server_received_total{type=\"LEASEQUERY\"}"));
    assert_true(value_of("dhcplab_server_sent_total{type=\"OFFER\"}") == 1);
    assert_true(value_of("dhcplab_server_sent_total{type=\"ACK\"}") == 1);
    assert_true(value_of("dhcplab_server_reasons_total{reason=\"lease-new\"}") == 1);
    assert_true(value_of("dhcplab_server_reasons_total{reason=\"unknown-client\"}") == 1);
    assert_true(value_of("dhcplab_server_build_info{version=\"" DHCPLAB_VERSION "\"}") == 1);
    assert_true(value_of("dhcplab_server_uptime_seconds") == 61.005);
    assert_true(value_of("dhcplab_server_queue_length") == 7);
    assert_true(value_of("dhcplab_server_option_blocks") == 1);
    assert_true(value_of("dhcplab_server_option_blocks_made") == 1);
    assert_true(value_of("dhcplab_server_option_blocks_found") ==
                1); /* the ACK has the options of the OFFER */
    assert_true(value_of("dhcplab_server_log_suppressed_total") == 9);
    assert_true(value_of("dhcplab_server_store_failures_total") == 3);
}

static void leases_are_counted_by_subnet_and_state(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    bind('b', IP(10, 0, 0, 11));
    release('b', IP(10, 0, 0, 11));
    discover('c', IP(10, 0, 0, 12));
    scrape(false);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"active\"}") == 1);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"released\"}") == 1);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"offered\"}") == 1);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"declined\"}") == 0);
    assert_true(value_of("dhcplab_server_leases{subnet=\"2\",state=\"active\"}") == 0);
    assert_true(value_of("dhcplab_server_pool_addresses{subnet=\"1\"}") == 3);
    at(3600 * S);
    scrape(false);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"active\"}") == 0);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"expired\"}") == 1);
    assert_true(value_of("dhcplab_server_leases{subnet=\"1\",state=\"offered\"}") == 0);
}

static void times_are_histograms(void **state)
{
    (void)state;
    start(basic);
    histogram_add(&answer_time, 90, 1);
    histogram_add(&answer_time, 700, 1);
    histogram_add(&answer_time, 20000000, 1);
    histogram_add(&sync_time, 1500, 1);
    scrape(true);
    assert_true(value_of("dhcplab_server_answer_seconds_bucket{le=\"5e-05\"}") == 0);
    assert_true(value_of("dhcplab_server_answer_seconds_bucket{le=\"0.0001\"}") == 1);
    assert_true(value_of("dhcplab_server_answer_seconds_bucket{le=\"0.001\"}") == 2);
    assert_true(value_of("dhcplab_server_answer_seconds_bucket{le=\"10\"}") == 2);
    assert_true(value_of("dhcplab_server_answer_seconds_bucket{le=\"+Inf\"}") == 3);
    assert_true(value_of("dhcplab_server_answer_seconds_count") == 3);
    assert_true(value_of("dhcplab_server_answer_seconds_sum") == 20.00079);
    assert_true(value_of("dhcplab_server_sync_seconds_count") == 1);
    scrape(false); /* leases are kept in memory only: there are no syncs */
    assert_false(has_series("dhcplab_server_sync_seconds_count"));
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_parser_is_strict),
        TEST(messages_and_reasons_are_counted),
        TEST(leases_are_counted_by_subnet_and_state),
        TEST(times_are_histograms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
