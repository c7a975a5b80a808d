#include "client/cli_history.h"

#include "common/dhcp_msg.h"

static bool read_message(const struct packet *packet, time_ms now, ip4 peer, struct cli_message_seen *out)
{
    struct dhcp_msg m;
    if (dhcp_msg_decode(&m, packet->bytes, packet->len) != REASON_NONE)
        return false;
    *out = (struct cli_message_seen){
        .type = m.type, .at_ms = now, .peer = peer, .giaddr = m.giaddr, .xid = m.xid, .rtt_ms = TIME_NEVER};
    return true;
}

void cli_history_act(struct cli_history *h, const struct cli_action *action, time_ms now)
{
    if (action->kind == CLI_TX)
        read_message(&action->packet, now, action->packet.dst, &h->sent);
    if (action->kind == CLI_TRACE && action->trace.kind == TRACE_STATE)
        h->transitions[h->n_transitions++ % CLI_HISTORY_MAX] = (struct cli_transition){
            .at_ms = now, .from = action->trace.from, .to = action->trace.to, .reason = action->trace.reason};
}

void cli_history_hear(struct cli_history *h, const struct packet *packet, time_ms now)
{
    if (read_message(packet, now, packet->src, &h->received) && h->sent.type != 0 &&
        h->received.xid == h->sent.xid)
        h->received.rtt_ms = now - h->sent.at_ms;
}

const struct cli_transition *cli_history_find(const struct cli_history *h, unsigned i)
{
    if (i >= CLI_HISTORY_MAX || i >= h->n_transitions)
        return NULL;
    return &h->transitions[(h->n_transitions - 1 - i) % CLI_HISTORY_MAX];
}
