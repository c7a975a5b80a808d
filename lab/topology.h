/* The topology file: which hosts a lab has, what runs on them, and how they are linked. JSON with comments;
 * config/labs/lab.schema.json describes it.
 *
 *   { "hosts": { "server": { "server": { "Dhcp4": ... } },      the server's configuration, or a file's name
 *                "h1": { "client": { "hostname": "h1" } },      the client's configuration, or a file's name
 *                "m": { "client": {}, "interface": "eth1" },    a client on another link than its first
 *                "c": { "client": {}, "clients": 500 },         a crowd of clients on one interface
 *                "x": {} },                                     a plain host: nothing is started on it
 *     "links": [ { "type": "veth", "ends": [ { "host": "server", "address": "10.77.0.1/24" },
 *                                            { "host": "h1" } ] } ] }
 *
 * A host's interfaces are eth0, eth1, ... in the order of the links; hardware addresses are
 * 02:00:00:00:HH:LL, counted from 1 over all ends, unless an end names its own. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"
#include "common/jcfg.h"
#include "lab/rundir.h"

enum {
    TOPOLOGY_LINKS_MAX = 64,
    TOPOLOGY_ENDS_MAX = 256,
    TOPOLOGY_TEXT_MAX = 256,
    TOPOLOGY_PATH_MAX = 4096,
    TOPOLOGY_CLIENTS_MAX = 100000,
};

enum topology_link_type { TOPOLOGY_VETH, TOPOLOGY_BRIDGE };

struct topology_host {
    char name[LAB_NAME_MAX];
    enum lab_role role;
    char *config_file; /* of a server or client whose configuration is a file of its own; NULL: inline */
    char *config_text; /* inline configuration: the topology file's text with all else blanked, so that
                          line and column of an error are those of the topology file; NULL: a file */
    size_t n_interfaces;
    uint32_t n_clients; /* of a client: so many, with hardware addresses of their own; 0: the host itself */
    char interface[LAB_INTERFACE_MAX]; /* of a client: the one that it configures; eth0 if the file names none
                                        */
};

struct topology_end {
    size_t host;                       /* place in hosts */
    char interface[LAB_INTERFACE_MAX]; /* in the host: "eth0" */
    struct hw_addr mac;
    bool has_address;
    struct ip4_net address; /* with host bits */
};

struct topology_link {
    enum topology_link_type type;
    char name[TOPOLOGY_TEXT_MAX]; /* for people; "link1" if the file names none */
    size_t first_end, n_ends;     /* in ends; exactly two for a veth pair */
};

struct topology {
    char name[LAB_NAME_MAX];             /* of the lab: from the file, else the file's name without .json */
    char description[TOPOLOGY_TEXT_MAX]; /* "" if none */
    size_t n_hosts, n_links, n_ends;
    struct topology_host hosts[LAB_HOSTS_MAX]; /* in the order of the file */
    struct topology_link links[TOPOLOGY_LINKS_MAX];
    struct topology_end ends[TOPOLOGY_ENDS_MAX];
};

/* The names of the files that come with the program in `folder`, of "labs": "lan, pair, two-servers"; "" if
 * none is found. */
void topology_names_in(const char *folder, char *out, size_t cap);

/* Parses `len` bytes of `text`, the contents of the file `path`; file references in it are relative to the
 * file's folder. 0, ERR_NOMEM, or ERR_CONFIG with "pair.json:3:12: at $.hosts: ..." in out_error, which holds
 * JCFG_TEXT_MAX bytes. After any return topology_fini() frees. */
int topology_parse(struct topology *t, const char *path, const char *text, size_t len, jcfg_warn_fn *warn,
                   void *warn_user, char *out_error);
/* The same, from the file. ERR_NOTFOUND, ERR_DENIED, ERR_IO: it cannot be read; out_error says so. */
int topology_load(struct topology *t, const char *path, jcfg_warn_fn *warn, void *warn_user, char *out_error);
void topology_fini(struct topology *t);

/* Which file `name` means: the path itself if it is a file; else, for a bare name such as `lan` or
 * `lan.json`, the file of that name among the labs that come with the program. ERR_NOTFOUND; ERR_LIMIT: too
 * long; ERR_IO: it is not known where the program is. */
int topology_find(const char *name, char out_path[TOPOLOGY_PATH_MAX]);
/* The same in another folder of files that come with the program than "labs". */
int topology_find_in(const char *folder, const char *name, char out_path[TOPOLOGY_PATH_MAX]);

/* Can this name a lab or a host? Letters, digits, '-' and '_', beginning with a letter or digit, shorter than
 * LAB_NAME_MAX. */
bool topology_is_name(const char *name);
