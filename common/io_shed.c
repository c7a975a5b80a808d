#include "common/io_shed.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "common/dhcp_proto.h"

/* Where the first option of a message begins, counted from its UDP header. */
enum { UDP_HEADER_LEN = 8, CODE_AT = UDP_HEADER_LEN + DHCP_OPTIONS_AT, VALUE_AT = CODE_AT + 2 };

void io_shed_discovers(int fd, bool sheds)
{
    static struct sock_filter program[] = {
        /* Loading from behind the end would drop the packet. */
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, VALUE_AT, 0, 4),
        /* Option 53, one octet: 1? */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, CODE_AT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_OPT_TYPE << 8 | 1, 0, 2),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, VALUE_AT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_DISCOVER, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX), /* all of it is let in */
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    setsockopt(fd, SOL_SOCKET, sheds ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &filter, sizeof filter);
}

uint32_t io_shed_count(int fd)
{
    uint32_t counts[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof counts;
    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counts, &len);
    return counts[SK_MEMINFO_DROPS];
}
