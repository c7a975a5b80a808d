#include "lab/view_lab.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/control_call.h"
#include "common/err.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/labclock.h"

enum { TIMEOUT_MAX_S = 3600 };

static unsigned flag_of(int option)
{
    switch (option) {
    case 'j':
        return VIEW_JSON;
    case 'f':
        return VIEW_FOLLOW;
    case 'l':
        return VIEW_LADDER;
    case 't':
        return VIEW_TIMEOUT;
    case 'w':
        return VIEW_WATCH;
    default:
        return 0;
    }
}

/* The options that `command` allows. */
static void pick_options(const struct view_command *command, struct option *out)
{
    static const struct option all[] = {
        {"help", no_argument, NULL, 'h'},   {"name", required_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},   {"follow", no_argument, NULL, 'f'},
        {"ladder", no_argument, NULL, 'l'}, {"timeout", required_argument, NULL, 't'},
        {"watch", no_argument, NULL, 'w'},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        unsigned flag = flag_of(all[i].val);
        if (flag == 0 || (command->flags & flag))
            out[n++] = all[i];
    }
    out[n] = (struct option){0};
}

static int usage_error(const char *name)
{
    fprintf(stderr, "see `%s --help`\n", name);
    return EXIT_CODE_USAGE;
}

static bool read_hosts(char **argv, int argc, const struct view_command *command, struct view_args *out)
{
    out->hosts = (const char *const *)argv + optind;
    out->n_hosts = (size_t)(argc - optind);
    if (out->n_hosts >= command->min_hosts && out->n_hosts <= command->max_hosts)
        return true;
    if (out->n_hosts > 0 && out->n_hosts < command->min_hosts)
        fprintf(stderr, "%s: something is missing behind \"%s\".\n", argv[0], argv[argc - 1]);
    else if (out->n_hosts < command->min_hosts)
        fprintf(stderr, "%s: the name of a host is missing.\n", argv[0]);
    else if (command->max_hosts == 0)
        fprintf(stderr, "%s: \"%s\" is one argument too many: it takes none.\n", argv[0], out->hosts[0]);
    else
        fprintf(stderr, "%s: \"%s\" is one argument too many%s.\n", argv[0], out->hosts[command->max_hosts],
                command->max_hosts == 1 ? ": it takes one host" : "");
    return false;
}

bool view_args_read(int argc, char **argv, const struct view_command *command, struct view_args *out,
                    int *out_exit)
{
    struct option options[8];
    pick_options(command, options);
    *out = (struct view_args){.timeout_s = 60};
    *out_exit = EXIT_CODE_USAGE;
    optind = 0; /* glibc: start afresh */
    int option;
    while ((option = getopt_long(argc, argv, command->flags & VIEW_FOLLOW ? "hn:f" : "hn:", options, NULL)) !=
           -1) {
        out->flags |= flag_of(option);
        if (option == 'h') {
            fputs(command->help, stdout);
            *out_exit = EXIT_CODE_OK;
            return false;
        }
        if (option == 'n')
            out->lab = optarg;
        if (option == 't' && !number_parse_u32(optarg, 1, TIMEOUT_MAX_S, &out->timeout_s)) {
            fprintf(stderr, "%s: --timeout wants seconds from 1 to %d, not \"%s\".\n", argv[0], TIMEOUT_MAX_S,
                    optarg);
            return false;
        }
        if (option == '?') {
            usage_error(argv[0]);
            return false;
        }
    }
    if (!read_hosts(argv, argc, command, out)) {
        usage_error(argv[0]);
        return false;
    }
    return true;
}

static void tell_unknown_host(const struct lab_state *lab, const char *host)
{
    fprintf(stderr, "dhcplab: the lab %s has no host \"%s\"; it has", lab->name, host);
    for (size_t i = 0; i < lab->n_hosts; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", lab->hosts[i].name);
    fputs(".\n", stderr);
}

bool view_lab_load(const struct view_args *args, struct lab_state *out, int *out_exit)
{
    int err = rundir_load(args->lab, out);
    *out_exit = err == ERR_EXISTS ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
    if (err != 0)
        return false;
    labclock_follow(out->dir);
    *out_exit = EXIT_CODE_USAGE;
    for (size_t i = 0; i < args->n_hosts; i++) {
        if (rundir_find(out, args->hosts[i]) != NULL)
            continue;
        tell_unknown_host(out, args->hosts[i]);
        return false;
    }
    return true;
}

bool view_has_role(const struct lab_host_state *host, enum lab_role role)
{
    if (host->role != role)
        fprintf(stderr, "dhcplab: %s runs no DHCP %s: its role is %s\n", host->name, lab_role_name(role),
                lab_role_name(host->role));
    return host->role == role;
}

bool view_has_program(const struct lab_host_state *host)
{
    if (host->role == LAB_PLAIN)
        fprintf(stderr, "dhcplab: %s runs no program: its role is plain\n", host->name);
    return host->role != LAB_PLAIN;
}

bool view_is_wanted(const struct view_args *args, const char *host)
{
    for (size_t i = 0; i < args->n_hosts; i++)
        if (strcmp(args->hosts[i], host) == 0)
            return true;
    return args->n_hosts == 0;
}

cJSON *view_call(const struct lab_host_state *host, const char *command, const cJSON *arguments,
                 int timeout_ms, char *why)
{
    cJSON *reply = NULL;
    if (host->ended[0] != '\0') {
        snprintf(why, VIEW_WHY_MAX, "%s: dhcplab-%s %s; `dhcplab restart %s` starts it anew", host->name,
                 lab_role_name(host->role), host->ended, host->name);
        return NULL;
    }
    int err = control_call(host->control, command, arguments, timeout_ms, &reply);
    if (err == 0 && cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(reply, "result")))
        return reply;
    if (err == ERR_NOTFOUND)
        snprintf(why, VIEW_WHY_MAX,
                 "%s does not answer: its program is not running; %s.log in the lab's folder may say why",
                 host->name, host->name);
    else if (err == ERR_TIMEOUT)
        snprintf(why, VIEW_WHY_MAX, "%s does not answer: nothing came within %d s", host->name,
                 timeout_ms / 1000);
    else
        snprintf(why, VIEW_WHY_MAX, "%s does not answer: %s", host->name,
                 err == 0 ? "its reply is no command result" : err_text(err));
    cJSON_Delete(reply);
    return NULL;
}
