/* How a running lab is linked, from a lab.json as the supervisor writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/labnet.h"

static char folder[] = "/tmp/test_lab_labnet.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* Reads the text as the lab.json of a lab; NULL: it has none. */
static int read_text(const char *text, struct labnet *out)
{
    struct lab_state lab = {0};
    snprintf(lab.dir, sizeof lab.dir, "%s", folder);
    if (text != NULL)
        assert_int_equal(rundir_write(folder, "lab.json", text), 0);
    int rc = labnet_read(&lab, out);
    char path[64];
    snprintf(path, sizeof path, "%s/lab.json", folder);
    unlink(path);
    return rc;
}

static void test_each_interface_with_its_host_and_link(void **state)
{
    (void)state;
    struct labnet net;
    char hw[HW_LEN], addr[IP4_NET_LEN];
    assert_int_equal(
        read_text("{\"hosts\": [{\"name\": \"server\", \"interfaces\": [{\"name\": \"eth0\", "
                  "\"hardware_address\": \"02:00:00:00:00:01\", \"address\": \"10.77.0.1/24\", \"link\": "
                  "\"lan\"}]}, {\"name\": \"lonely\", \"interfaces\": []}, {\"name\": \"h1\", "
                  "\"interfaces\": [{\"name\": \"eth1\", \"hardware_address\": \"02:00:00:00:00:02\", "
                  "\"address\": \"\", \"link\": \"lan\"}]}]}",
                  &net),
        0);
    assert_int_equal(net.n, 2);
    assert_int_equal(net.interfaces[0].host, 0);
    assert_string_equal(net.interfaces[0].name, "eth0");
    assert_string_equal(net.interfaces[0].link, "lan");
    assert_string_equal(hw_format(&net.interfaces[0].hw, hw), "02:00:00:00:00:01");
    assert_string_equal(ip4_net_format(net.interfaces[0].addr, addr), "10.77.0.1/24");
    assert_int_equal(net.interfaces[1].host, 2);
    assert_string_equal(net.interfaces[1].name, "eth1");
    assert_int_equal(net.interfaces[1].addr.addr, 0);
}

static void test_what_is_not_understood(void **state)
{
    (void)state;
    struct labnet net;
    assert_int_equal(read_text(NULL, &net), ERR_NOTFOUND);
    assert_int_equal(read_text("{\"hosts\": [{\"interfaces\": [{\"name\": \"eth0\"}]}]}", &net), ERR_IO);
    assert_int_equal(read_text("{\"hosts\": [{\"interfaces\": [{\"name\": \"eth0\", \"hardware_address\": "
                               "\"02:00:00:00:00:01\", \"address\": \"10.77.0.1\"}]}]}",
                               &net),
                     ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_interface_with_its_host_and_link),
        cmocka_unit_test(test_what_is_not_understood),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
