/* Reads many configurations as the programs read one, for tests/schemas. A line of standard input is a kind,
 * a space and a path; the line of standard output that answers it is a map in JSON: "error" is what is wrong,
 * or null, and "warnings" a list of what else there is to say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_load.h"
#include "common/err.h"
#include "common/io_file.h"
#include "lab/scenario.h"
#include "server/srv_config.h"

enum { LINE_MAX_OCTETS = 4096 };

static void add_warning(void *warnings, const char *text)
{
    cJSON_AddItemToArray(warnings, cJSON_CreateString(text));
}

static int read_file(void *user, const char *path, char **out_text, size_t *out_len, const char **out_why)
{
    (void)user;
    int rc = io_file_read(path, out_text, out_len);
    *out_why = err_text(rc);
    return rc;
}

static int read_server(const char *path, cJSON *warnings, char *error)
{
    struct srv_config *config;
    int rc = srv_config_read(path, read_file, add_warning, warnings, error, &config);
    srv_config_free(config);
    return rc;
}

static int read_client(const char *path, cJSON *warnings, char *error)
{
    struct cli_config config;
    return cli_load_config(path, add_warning, warnings, error, &config);
}

static int read_profile(const char *path, cJSON *warnings, char *error)
{
    (void)warnings;
    struct cli_profile profile;
    return cli_load_profile(path, error, &profile);
}

static int read_lab(const char *path, cJSON *warnings, char *error)
{
    static struct topology topology; /* static: too large for a small stack */
    int rc = topology_load(&topology, path, add_warning, warnings, error);
    topology_fini(&topology);
    return rc;
}

static int read_scenario(const char *path, cJSON *warnings, char *error)
{
    (void)warnings;
    static struct scenario scenario;
    int rc = scenario_load(&scenario, path, error);
    scenario_fini(&scenario);
    return rc;
}

static const struct kind {
    const char *name;
    int (*read)(const char *path, cJSON *warnings, char *error);
} kinds[] = {
    {"server", read_server}, {"client", read_client},     {"profile", read_profile},
    {"lab", read_lab},       {"scenario", read_scenario},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static void answer(const struct kind *kind, const char *path)
{
    char error[JCFG_TEXT_MAX] = "";
    cJSON *out = cJSON_CreateObject(), *warnings = cJSON_CreateArray();
    int rc = kind->read(path, warnings, error);
    cJSON_AddItemToObject(out, "error", rc < 0 ? cJSON_CreateString(error) : cJSON_CreateNull());
    cJSON_AddItemToObject(out, "warnings", warnings);
    char *text = cJSON_PrintUnformatted(out);
    puts(text);
    fflush(stdout);
    free(text);
    cJSON_Delete(out);
}

int main(void)
{
    char line[LINE_MAX_OCTETS];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (space != NULL)
            *space = '\0';
        const struct kind *kind = find_kind(line);
        if (space == NULL || kind == NULL) {
            fprintf(stderr, "read_configs: this is no kind of configuration and a path: %s\n", line);
            return EXIT_FAILURE;
        }
        answer(kind, space + 1);
    }
    return EXIT_SUCCESS;
}
