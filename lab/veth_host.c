#include "lab/veth_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli_crowd_table.h"
#include "common/control_call.h"
#include "common/err.h"
#include "lab/hostlog.h"
#include "lab/view.h"

enum {
    PIPE_OCTETS = 1 << 20, /* so that a program need not wait for us at each event */
    READ_OCTETS = 1 << 16,
    PATH_LEN = LAB_PATH_MAX + LAB_NAME_MAX,
};

static void path_of(const struct veth_host *h, const char *suffix, char out[PATH_LEN])
{
    snprintf(out, PATH_LEN, "%s/%s.%s", h->dir, h->t->name, suffix);
}

/* ---- making ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 && listen(fd, 1) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Open for writing, too: so it neither waits for the program, nor ends with it. */
static int open_pipe(const char *path)
{
    int fd = mkfifo(path, 0600) < 0 ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        fcntl(fd, F_SETPIPE_SZ, PIPE_OCTETS); /* less is slower, nothing else */
    return fd;
}

static bool has_program(const struct veth_host *h)
{
    return h->t->role != LAB_PLAIN || h->s->n_relays[h->place] > 0;
}

int veth_host_init(struct veth_host *h, const struct scenario *s, size_t place, const char *dir,
                   uint64_t seed, const struct net_host *net, int net_fd)
{
    char path[PATH_LEN];
    const struct topology_host *t = &s->topology.hosts[place];
    *h = (struct veth_host){.s = s, .place = place, .t = t, .dir = dir, .net = *net, .net_fd = net_fd};
    h->listener = h->pace = h->trace = h->call = -1;
    h->config = s->servers[place];
    h->deadline_ms = TIME_NEVER;
    rng_init(&h->rng, seed, t->name);
    for (size_t i = 0; i < s->n_steps; i++)
        h->is_configured =
            h->is_configured || (s->steps[i].what == SCENARIO_CONFIGURE && s->steps[i].host == place);
    if (t->role == LAB_CLIENT) {
        h->n_clients = t->n_clients > 0 ? t->n_clients : 1;
        h->clients = calloc(h->n_clients, sizeof *h->clients);
        if (h->clients == NULL)
            return ERR_NOMEM;
        for (size_t i = 0; i < h->n_clients; i++)
            h->clients[i].state = CLI_STOPPED;
    }
    if (!has_program(h))
        return 0;
    path_of(h, "pace", path);
    h->listener = listen_at(path);
    path_of(h, "trace", path);
    h->trace = open_pipe(path);
    return h->listener < 0 || h->trace < 0 ? ERR_IO : 0;
}

void veth_host_fini(struct veth_host *h)
{
    const int fds[] = {h->listener, h->pace, h->trace, h->call};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    veth_leases_fini(&h->leases);
    free(h->clients);
    free(h->unread);
}

/* ---- the program ---- */

static int hand_over_page(int fd, int page)
{
    char byte = 0, room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, sizeof byte};
    struct msghdr msg = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof page);
    memcpy(CMSG_DATA(head), &page, sizeof page);
    return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? ERR_IO : 0;
}

/* A program that does not come at all has ended, or will never. */
static int await_program(struct veth_host *h, int page)
{
    struct pollfd waiting = {.fd = h->listener, .events = POLLIN};
    if (poll(&waiting, 1, VETH_HOST_REPLY_MS) <= 0) {
        errno = ETIMEDOUT;
        return ERR_IO;
    }
    h->pace = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return h->pace < 0 ? ERR_IO : hand_over_page(h->pace, page);
}

int veth_host_start(struct veth_host *h, const struct program_plan *plan, int page)
{
    char socket_path[PATH_LEN], trace_path[PATH_LEN];
    pid_t outer;
    if (h->pace >= 0)
        return 0;
    h->is_running = true;
    if (!has_program(h))
        return 0;
    path_of(h, "pace", socket_path);
    path_of(h, "trace", trace_path);
    struct program_pacing pacing = {.socket = socket_path,
                                    .trace = trace_path,
                                    .is_copied = h->is_configured,
                                    .seed = h->t->role == LAB_CLIENT ? rng_u64(&h->rng) : 0,
                                    .relay_servers = h->s->relays[h->place],
                                    .n_relay_servers = h->s->n_relays[h->place]};
    struct program_plan paced = *plan;
    paced.host = h->t;
    paced.place = &h->net;
    paced.pacing = &pacing;
    if (program_start(&paced, &h->pid, &outer) < 0 || await_program(h, page) < 0)
        return ERR_IO;
    h->kick = 0;
    h->deadline_ms = TIME_NEVER;
    h->is_due = false;
    return 0;
}

/* Interface names are shorter than the kernel's limit: the topology's reader sees to that. */
static struct ifreq request_for(const struct veth_host *h)
{
    struct ifreq request = {.ifr_addr.sa_family = AF_INET};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", h->t->interface);
    return request;
}

/* The power fails: nothing is left of what the client had set up. */
static void clear_address(const struct veth_host *h)
{
    struct ifreq request = request_for(h);
    ioctl(h->net_fd, SIOCSIFADDR, &request); /* 0.0.0.0: none; that there was none is no error */
}

void veth_host_end(struct veth_host *h, int signal)
{
    h->is_running = h->is_asleep = h->is_due = false;
    h->deadline_ms = TIME_NEVER;
    if (h->pace < 0)
        return;
    kill(h->pid, SIGCONT);
    kill(h->pid, signal);
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(h->pace);
    h->pace = -1;
    if (h->t->role == LAB_CLIENT)
        clear_address(h);
    for (size_t i = 0; i < h->n_clients; i++)
        h->clients[i] = (struct veth_client){.state = CLI_STOPPED};
    h->text[0] = '\0';
}

void veth_host_set_asleep(struct veth_host *h, bool is_asleep)
{
    if (h->pace < 0)
        return;
    h->is_asleep = is_asleep;
    h->is_due = !is_asleep;
    kill(h->pid, is_asleep ? SIGSTOP : SIGCONT);
}

/* ---- pacing ---- */

void veth_host_kick(struct veth_host *h)
{
    struct io_pace_kick kick = {++h->kick};
    h->is_due = false;
    send(h->pace, &kick, sizeof kick, MSG_NOSIGNAL); /* one that has gone is heard of by reading */
}

int veth_host_hear(struct veth_host *h, bool *out_quiet)
{
    struct io_pace_quiet quiet;
    ssize_t n = recv(h->pace, &quiet, sizeof quiet, MSG_DONTWAIT);
    *out_quiet = false;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n != (ssize_t)sizeof quiet)
        return ERR_NOTFOUND;
    *out_quiet = quiet.number == h->kick;
    h->deadline_ms = quiet.deadline_ms;
    return 0;
}

/* ---- what is to be seen ---- */

static bool read_more(struct veth_host *h)
{
    if (h->capacity - h->n_unread < READ_OCTETS) {
        char *more = realloc(h->unread, h->capacity + 2 * READ_OCTETS);
        if (more == NULL)
            return false;
        h->unread = more;
        h->capacity += 2 * READ_OCTETS;
    }
    ssize_t n = read(h->trace, h->unread + h->n_unread, h->capacity - h->n_unread - 1);
    if (n > 0)
        h->n_unread += (size_t)n;
    return n > 0;
}

char *veth_host_next_event(struct veth_host *h)
{
    if (h->trace < 0)
        return NULL;
    if (h->n_taken > 0) {
        h->n_unread -= h->n_taken;
        memmove(h->unread, h->unread + h->n_taken, h->n_unread);
        h->n_taken = 0;
    }
    char *end;
    while ((end = h->n_unread == 0 ? NULL : memchr(h->unread, '\n', h->n_unread)) == NULL)
        if (!read_more(h))
            return NULL;
    *end = '\0';
    h->n_taken = (size_t)(end - h->unread) + 1;
    return h->unread;
}

/* The interface that the client configures. */
static const struct topology_end *find_end(const struct veth_host *h)
{
    const struct topology *t = &h->s->topology;
    size_t i = 0;
    while (i < t->n_ends &&
           !(t->ends[i].host == h->place && strcmp(t->ends[i].interface, h->t->interface) == 0))
        i++;
    return i < t->n_ends ? &t->ends[i] : NULL;
}

size_t veth_host_link(const struct veth_host *h)
{
    const struct topology *t = &h->s->topology;
    const struct topology_end *end = find_end(h);
    size_t i = 0;
    while (i < t->n_links && (end < t->ends + t->links[i].first_end ||
                              end >= t->ends + t->links[i].first_end + t->links[i].n_ends))
        i++;
    return i;
}

struct veth_client *veth_host_find_client(struct veth_host *h, const struct hw_addr *hw)
{
    const struct topology_end *end = find_end(h);
    if (end == NULL || hw->len != end->mac.len)
        return NULL;
    if (h->t->n_clients == 0)
        return hw_equal(hw, &end->mac) ? &h->clients[0] : NULL;
    uint32_t number = cli_crowd_number(&end->mac, hw->bytes);
    return number < h->n_clients ? &h->clients[number] : NULL;
}

static struct veth_client *client_of(struct veth_host *h, const cJSON *event)
{
    struct hw_addr hw;
    if (h->n_clients == 1)
        return &h->clients[0];
    return hw_parse(view_text(event, "client"), &hw) ? veth_host_find_client(h, &hw) : NULL;
}

struct veth_client *veth_host_note(struct veth_host *h, const cJSON *event)
{
    struct veth_client *client = client_of(h, event);
    const char *to = view_text(event, "to");
    for (unsigned i = 0; client != NULL && i < CLI_STATE_COUNT; i++)
        if (strcmp(cli_state_name((enum cli_state)i), to) == 0)
            client->state = (enum cli_state)i;
    if (client != NULL)
        snprintf(h->text, sizeof h->text, "%s", view_text(event, "text"));
    return client;
}

bool veth_host_is_bound(const struct veth_client *client)
{
    return client->state == CLI_BOUND || client->state == CLI_RENEWING || client->state == CLI_REBINDING;
}

ip4 veth_host_address(const struct veth_host *h, size_t i)
{
    struct ifreq request = request_for(h);
    struct sockaddr_in addr;
    if (h->t->n_clients > 0)
        return veth_host_is_bound(&h->clients[i]) ? h->clients[i].acked : 0;
    if (ioctl(h->net_fd, SIOCGIFADDR, &request) < 0)
        return 0;
    memcpy(&addr, &request.ifr_addr, sizeof addr);
    return ntohl(addr.sin_addr.s_addr);
}

void veth_host_forget_neighbour(const struct veth_host *h, const char *interface, ip4 addr)
{
    struct arpreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
    memcpy(&request.arp_pa, &in, sizeof in);
    snprintf(request.arp_dev, sizeof request.arp_dev, "%s", interface);
    ioctl(h->net_fd, SIOCDARP, &request); /* that it has given up already is no error */
}

/* ---- commands ---- */

/* What comes of it is to be seen; the answer is nobody's. */
int veth_host_command(struct veth_host *h, const char *command)
{
    char path[PATH_LEN], text[64];
    struct sockaddr_un addr;
    path_of(h, "sock", path);
    int len = snprintf(text, sizeof text, "{\"command\": \"%s\"}", command);
    if (h->call >= 0)
        close(h->call);
    h->call = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->call < 0 || control_call_address(&addr, path) < 0 ||
        connect(h->call, (struct sockaddr *)&addr, sizeof addr) < 0 ||
        send(h->call, text, (size_t)len, MSG_NOSIGNAL) != len)
        return ERR_IO;
    h->is_due = true;
    return 0;
}

int veth_host_ask(struct veth_host *h, const char *command, const cJSON *arguments, cJSON **out_reply)
{
    char path[PATH_LEN];
    path_of(h, "sock", path);
    h->is_due = true; /* it has news of its timers */
    return control_call(path, command, arguments, VETH_HOST_REPLY_MS, out_reply);
}

char *veth_host_log(const struct veth_host *h)
{
    return hostlog_read(h->dir, h->t->name, NULL);
}
