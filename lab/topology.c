#include "lab/topology.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/jcfg_part.h"
#include "lab/own_folder.h"

/* What the rows below share while a file is read. */
struct reading {
    struct topology *t;
    struct jcfg *c;
    const char *path;
    const char *text;
    size_t len;
    int err; /* ERR_NOMEM, or 0 */
};

bool topology_is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(name);
    return len > 0 && len < LAB_NAME_MAX && strspn(name, letters) == len && name[0] != '-' && name[0] != '_';
}

static void copy_name(char out[LAB_NAME_MAX], const char *name)
{
    snprintf(out, LAB_NAME_MAX, "%s", name);
}

/* `name` beside the topology file. */
static char *path_beside(const struct reading *r, const char *name)
{
    const char *slash = strrchr(r->path, '/');
    char beside[TOPOLOGY_PATH_MAX];
    if (name[0] == '/' || slash == NULL)
        snprintf(beside, sizeof beside, "%s", name);
    else
        snprintf(beside, sizeof beside, "%.*s/%s", (int)(slash - r->path), r->path, name);
    /* The programs run in another folder. */
    return realpath(beside, NULL);
}

static void read_config(struct reading *r, struct topology_host *host, const cJSON *item)
{
    const char *file;
    if (cJSON_IsObject(item)) {
        host->config_text = jcfg_part(r->c, r->text, r->len, item);
        if (host->config_text == NULL)
            r->err = ERR_NOMEM;
    } else if (jcfg_as_text(r->c, item, "the program's configuration or the name of its file", &file)) {
        host->config_file = path_beside(r, file);
        if (host->config_file == NULL || access(host->config_file, R_OK) < 0)
            jcfg_error(r->c, item, "the file %s cannot be read (file names are relative to this file)", file);
    }
}

static void read_host(struct reading *r, const cJSON *item)
{
    static const char *const known[] = {"server", "client", "interface", "clients", NULL};
    struct topology *t = r->t;
    if (t->n_hosts == LAB_HOSTS_MAX) {
        jcfg_error(r->c, item, "a lab has at most %d hosts", LAB_HOSTS_MAX);
        return;
    }
    struct topology_host *host = &t->hosts[t->n_hosts++];
    /* HOST.json and HOST.sock stand beside the lab's own lab.json and lab.sock. */
    if (!topology_is_name(item->string) || strcmp(item->string, "lab") == 0)
        jcfg_error(
            r->c, item,
            "a host's name has at most %d letters, digits, '-' and '_', begins with a letter or digit, "
            "and is not \"lab\"",
            LAB_NAME_MAX - 1);
    copy_name(host->name, item->string);
    if (!jcfg_is_map(r->c, item, "a map: {\"server\": ...}, {\"client\": ...}, or {} for a plain host"))
        return;
    jcfg_check_keys(r->c, item, known, NULL);
    const cJSON *server = cJSON_GetObjectItemCaseSensitive(item, "server");
    const cJSON *client = cJSON_GetObjectItemCaseSensitive(item, "client");
    if (server != NULL && client != NULL)
        jcfg_error(r->c, client, "a host is a server or a client, not both");
    const char *interface = "eth0";
    if (jcfg_get_text(r->c, item, "interface", &interface) && client == NULL)
        jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "interface"),
                   "only a client has its one interface: a server names its own in interfaces-config");
    snprintf(host->interface, sizeof host->interface, "%s", interface);
    if (jcfg_get_u32(r->c, item, "clients", 1, TOPOLOGY_CLIENTS_MAX, &host->n_clients) && client == NULL)
        jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "clients"),
                   "only a client can be a crowd of clients");
    if (server == NULL && client == NULL)
        return;
    host->role = server != NULL ? LAB_SERVER : LAB_CLIENT;
    read_config(r, host, server != NULL ? server : client);
}

static bool find_host(const struct topology *t, const char *name, size_t *out)
{
    for (size_t i = 0; i < t->n_hosts; i++)
        if (strcmp(t->hosts[i].name, name) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static void read_address(struct reading *r, struct topology_end *end, const cJSON *item)
{
    if (!jcfg_get_net(r->c, item, "address", &end->address))
        return;
    end->has_address = true;
    struct ip4_net net = end->address;
    bool is_edge = net.len < 31 && (net.addr == ip4_net_base(net) || net.addr == ip4_net_broadcast(net));
    if (net.len == 0 || !ip4_is_host(net.addr) || is_edge)
        jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "address"),
                   "expected the address of one host with the length of its network, such as 10.77.0.1/24");
}

static void read_mac(struct reading *r, struct topology_end *end, const cJSON *item)
{
    static const uint8_t zero[6];
    size_t number = r->t->n_ends; /* from 1: `end` is counted already */
    end->mac = (struct hw_addr){
        .type = 1, .len = 6, .bytes = {0x02, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)(number & 255)}};
    if (!jcfg_get_hw(r->c, item, "mac", &end->mac))
        return;
    bool is_station =
        end->mac.len == 6 && (end->mac.bytes[0] & 1) == 0 && memcmp(end->mac.bytes, zero, 6) != 0;
    if (!is_station)
        jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "mac"),
                   "expected the hardware address of one station, such as 02:00:00:00:00:0a");
}

/* One address twice on a link: meant where conflicts are the matter, else a line that was copied. */
static void warn_of_twins(struct reading *r, const struct topology_end *end, const cJSON *item)
{
    const struct topology *t = r->t;
    const cJSON *mac = cJSON_GetObjectItemCaseSensitive(item, "mac");
    for (size_t i = t->links[t->n_links - 1].first_end; &t->ends[i] != end; i++) {
        const struct topology_end *other = &t->ends[i];
        const char *name = t->hosts[other->host].name;
        if (end->has_address && other->has_address && end->address.addr == other->address.addr)
            jcfg_warning(r->c, cJSON_GetObjectItemCaseSensitive(item, "address"),
                         "\"%s\" has this address on the same link, too", name);
        if (hw_equal(&end->mac, &other->mac))
            jcfg_warning(r->c, mac != NULL ? mac : item,
                         "\"%s\" has this hardware address on the same link, too", name);
    }
}

static void read_end(struct reading *r, const cJSON *item)
{
    static const char *const known[] = {"host", "address", "mac", NULL};
    struct topology *t = r->t;
    if (t->n_ends == TOPOLOGY_ENDS_MAX) {
        jcfg_error(r->c, item, "the links of a lab have at most %d ends", TOPOLOGY_ENDS_MAX);
        return;
    }
    if (!jcfg_is_map(r->c, item, "a map: {\"host\": ...}"))
        return;
    jcfg_check_keys(r->c, item, known, NULL);
    struct topology_end *end = &t->ends[t->n_ends++];
    const char *name = NULL;
    jcfg_require(r->c, item, "host");
    if (jcfg_get_text(r->c, item, "host", &name)) {
        if (find_host(t, name, &end->host))
            snprintf(end->interface, sizeof end->interface, "eth%zu", t->hosts[end->host].n_interfaces++);
        else
            jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "host"), "no host has the name \"%s\"",
                       name);
    }
    read_address(r, end, item);
    read_mac(r, end, item);
    warn_of_twins(r, end, item);
}

static void read_link(struct reading *r, const cJSON *item)
{
    static const char *const known[] = {"type", "name", "ends", NULL};
    static const char *const types[] = {[TOPOLOGY_VETH] = "veth", [TOPOLOGY_BRIDGE] = "bridge", NULL};
    struct topology *t = r->t;
    if (t->n_links == TOPOLOGY_LINKS_MAX) {
        jcfg_error(r->c, item, "a lab has at most %d links", TOPOLOGY_LINKS_MAX);
        return;
    }
    if (!jcfg_is_map(r->c, item, "a map: {\"type\": \"veth\", \"ends\": [...]}"))
        return;
    jcfg_check_keys(r->c, item, known, NULL);
    struct topology_link *link = &t->links[t->n_links++];
    const char *name = NULL;
    int type = TOPOLOGY_VETH;
    jcfg_require(r->c, item, "type");
    jcfg_get_word(r->c, item, "type", types, &type);
    link->type = (enum topology_link_type)type;
    snprintf(link->name, sizeof link->name, "link%zu", t->n_links);
    if (jcfg_get_text(r->c, item, "name", &name))
        snprintf(link->name, sizeof link->name, "%s", name);

    jcfg_require(r->c, item, "ends");
    const cJSON *ends = jcfg_get_list(r->c, item, "ends");
    const cJSON *end;
    link->first_end = t->n_ends;
    cJSON_ArrayForEach(end, ends) read_end(r, end);
    link->n_ends = t->n_ends - link->first_end;
    if (ends == NULL)
        return;
    if (link->type == TOPOLOGY_VETH && cJSON_GetArraySize(ends) != 2)
        jcfg_error(r->c, ends, "a veth pair has two ends, not %d; a bridge may have more",
                   cJSON_GetArraySize(ends));
    if (link->type == TOPOLOGY_BRIDGE && cJSON_GetArraySize(ends) == 0)
        jcfg_error(r->c, ends, "a bridge needs at least one end");
}

static bool has_address(const struct topology *t, size_t host)
{
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].host == host && t->ends[i].has_address)
            return true;
    return false;
}

/* Has the client the interface that it is to use? */
static bool has_interface(const struct topology *t, size_t host)
{
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].host == host && strcmp(t->ends[i].interface, t->hosts[host].interface) == 0)
            return true;
    return false;
}

/* What only the whole file can tell. */
static void check_host(struct reading *r, size_t index, const cJSON *item)
{
    const struct topology_host *host = &r->t->hosts[index];
    if (host->role == LAB_CLIENT && host->n_interfaces == 0)
        jcfg_error(r->c, item, "a client needs an interface: no link has an end at \"%s\"", host->name);
    else if (host->role == LAB_CLIENT && !has_interface(r->t, index))
        jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(item, "interface"),
                   "\"%s\" has no interface of that name: it has eth0 to eth%zu, in the order of the links",
                   host->name, host->n_interfaces - 1);
    /* RFC 2132 9.7: "DHCP clients use the contents of the 'server identifier' field as the destination
     * address for any DHCP messages unicast to the DHCP server." */
    if (host->role == LAB_SERVER && !has_address(r->t, index))
        jcfg_error(r->c, item, "a server needs an address: give one to an end of a link at \"%s\"",
                   host->name);
}

static void read_root(struct reading *r)
{
    static const char *const known[] = {"$schema", "name", "description", "hosts", "links", NULL};
    struct jcfg *c = r->c;
    struct topology *t = r->t;
    const cJSON *root = c->root;
    const char *text;
    if (!jcfg_is_map(c, root, "a map with hosts and links"))
        return;
    jcfg_check_keys(c, root, known, NULL);
    if (jcfg_get_text(c, root, "name", &text)) {
        if (!topology_is_name(text))
            jcfg_error(
                c, cJSON_GetObjectItemCaseSensitive(root, "name"),
                "a lab's name has at most %d letters, digits, '-' and '_' and begins with a letter or digit",
                LAB_NAME_MAX - 1);
        copy_name(t->name, text);
    }
    if (jcfg_get_text(c, root, "description", &text))
        snprintf(t->description, sizeof t->description, "%s", text);

    jcfg_require(c, root, "hosts");
    const cJSON *hosts = jcfg_get_map(c, root, "hosts");
    const cJSON *item;
    cJSON_ArrayForEach(item, hosts) read_host(r, item);
    if (hosts != NULL && t->n_hosts == 0)
        jcfg_error(c, hosts, "a lab needs at least one host");
    const cJSON *links = jcfg_get_list(c, root, "links");
    cJSON_ArrayForEach(item, links) read_link(r, item);
    size_t index = 0;
    cJSON_ArrayForEach(item, hosts) if (index < t->n_hosts) check_host(r, index++, item);
}

/* The file's name without folder and ".json", if it can name a lab. */
static void name_from_path(struct topology *t, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    char stem[LAB_NAME_MAX];
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(base, "."), base);
    copy_name(t->name, topology_is_name(stem) ? stem : "lab");
}

int topology_parse(struct topology *t, const char *path, const char *text, size_t len, jcfg_warn_fn *warn,
                   void *warn_user, char *out_error)
{
    memset(t, 0, sizeof *t);
    name_from_path(t, path);
    out_error[0] = '\0';
    struct jcfg c;
    int rc = jcfg_parse(&c, path, text, len, warn, warn_user);
    struct reading r = {.t = t, .c = &c, .path = path, .text = text, .len = len};
    if (rc == 0) {
        read_root(&r);
        rc = r.err != 0 ? r.err : jcfg_failed(&c) ? ERR_CONFIG : 0;
    }
    if (rc == ERR_CONFIG)
        snprintf(out_error, JCFG_TEXT_MAX, "%s", c.error);
    else if (rc < 0)
        snprintf(out_error, JCFG_TEXT_MAX, "%s: %s", path, err_text(rc));
    jcfg_fini(&c);
    return rc;
}

int topology_load(struct topology *t, const char *path, jcfg_warn_fn *warn, void *warn_user, char *out_error)
{
    memset(t, 0, sizeof *t);
    char *text;
    size_t len;
    int rc = io_file_read(path, &text, &len);
    if (rc < 0) {
        snprintf(out_error, JCFG_TEXT_MAX, "%s cannot be read: %s", path, err_text(rc));
        return rc;
    }
    rc = topology_parse(t, path, text, len, warn, warn_user, out_error);
    free(text);
    return rc;
}

void topology_fini(struct topology *t)
{
    for (size_t i = 0; i < t->n_hosts; i++) {
        free(t->hosts[i].config_file);
        free(t->hosts[i].config_text);
    }
    memset(t, 0, sizeof *t);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Beside the program first: in a build folder within the source tree, then where it was installed, however
 * the tree was moved or copied since. Then where the build knew them, for a build folder elsewhere. */
static const struct {
    bool beside;
    const char *parent;
} places[] = {{true, "/../../config"},
              {true, "/../share/dhcplab"},
              {false, LAB_SOURCE_CONFIG},
              {false, LAB_INSTALLED_CONFIG}};

/* Not a schema. */
static int is_shipped(const struct dirent *entry)
{
    const char *dot = strchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".json") == 0;
}

void topology_names_in(const char *folder, char *out, size_t cap)
{
    char programs[TOPOLOGY_PATH_MAX], path[2 * TOPOLOGY_PATH_MAX];
    struct dirent **entries;
    int n = -1;
    out[0] = '\0';
    if (own_folder(programs, sizeof programs) < 0)
        return;
    for (size_t i = 0; n <= 0 && i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s%s/%s", places[i].beside ? programs : "", places[i].parent, folder);
        n = scandir(path, &entries, is_shipped, alphasort);
        for (int at = 0; at < n; at++) {
            size_t used = strlen(out);
            snprintf(out + used, cap - used, "%s%.*s", at == 0 ? "" : ", ",
                     (int)strcspn(entries[at]->d_name, "."), entries[at]->d_name);
            free(entries[at]);
        }
        if (n >= 0)
            free(entries);
    }
}

int topology_find(const char *name, char out_path[TOPOLOGY_PATH_MAX])
{
    return topology_find_in("labs", name, out_path);
}

int topology_find_in(const char *folder, const char *name, char out_path[TOPOLOGY_PATH_MAX])
{
    char programs[TOPOLOGY_PATH_MAX], file[2 * TOPOLOGY_PATH_MAX];
    if (own_folder(programs, sizeof programs) < 0)
        return ERR_IO;
    if (strlen(name) >= TOPOLOGY_PATH_MAX / 2)
        return ERR_LIMIT;
    if (is_file(name)) {
        snprintf(out_path, TOPOLOGY_PATH_MAX, "%s", name);
        return 0;
    }
    if (strchr(name, '/') != NULL)
        return ERR_NOTFOUND;
    const char *dot = strrchr(name, '.');
    const char *suffix = dot != NULL && strcmp(dot, ".json") == 0 ? "" : ".json";
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(file, sizeof file, "%s%s/%s/%s%s", places[i].beside ? programs : "", places[i].parent,
                 folder, name, suffix);
        if (is_file(file) && realpath(file, out_path) != NULL)
            return 0;
    }
    return ERR_NOTFOUND;
}
