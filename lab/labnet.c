#include "lab/labnet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_file.h"

static const char *text_of(const cJSON *map, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    return text == NULL ? "" : text;
}

static bool read_interface(const cJSON *map, size_t host, struct labnet_interface *out)
{
    const char *address = text_of(map, "address");
    *out = (struct labnet_interface){.host = host};
    snprintf(out->name, sizeof out->name, "%s", text_of(map, "name"));
    snprintf(out->link, sizeof out->link, "%s", text_of(map, "link"));
    return hw_parse(text_of(map, "hardware_address"), &out->hw) &&
           (address[0] == '\0' || ip4_net_parse(address, &out->addr));
}

static bool read_hosts(const cJSON *hosts, struct labnet *out)
{
    size_t place = 0;
    const cJSON *host, *interface;
    cJSON_ArrayForEach(host, hosts)
    {
        cJSON_ArrayForEach(interface, cJSON_GetObjectItemCaseSensitive(host, "interfaces"))
        {
            if (out->n == TOPOLOGY_ENDS_MAX || !read_interface(interface, place, &out->interfaces[out->n++]))
                return false;
        }
        place++;
    }
    return true;
}

int labnet_read(const struct lab_state *lab, struct labnet *out)
{
    char path[LAB_PATH_MAX + sizeof "/lab.json"];
    char *text;
    size_t len;
    out->n = 0;
    snprintf(path, sizeof path, "%s/lab.json", lab->dir);
    if (io_file_read(path, &text, &len) < 0)
        return ERR_NOTFOUND;
    cJSON *json = cJSON_ParseWithLength(text, len);
    free(text);
    bool is_read = read_hosts(cJSON_GetObjectItemCaseSensitive(json, "hosts"), out);
    cJSON_Delete(json);
    return is_read ? 0 : ERR_IO;
}
