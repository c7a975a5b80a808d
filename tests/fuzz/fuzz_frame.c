/* Any bytes as an Ethernet frame: what is accepted lies inside the frame, and makes the same frame again. */
#include <assert.h>
#include <string.h>

#include "common/frame.h"
#include "tests/fuzz/fuzz.h"

static void check_again(const struct packet *packet)
{
    uint8_t frame[FRAME_MAX];
    size_t len = frame_encode(packet, frame, sizeof(frame));
    if (packet->len > FRAME_MAX - FRAME_HEADERS) {
        assert(len == 0);
        return;
    }
    assert(len == FRAME_HEADERS + packet->len);
    struct packet again;
    assert(frame_decode(frame, len, FRAME_CHECKSUM_CHECK, &again) == REASON_NONE);
    assert(again.src == packet->src && again.dst == packet->dst);
    assert(again.sport == packet->sport && again.dport == packet->dport);
    assert(again.len == packet->len);
    assert(packet->len == 0 || memcmp(again.bytes, packet->bytes, packet->len) == 0);
}

static void check_arp(const uint8_t *data, size_t size)
{
    struct arp m, again;
    uint8_t frame[FRAME_ARP_LEN];
    if (frame_arp_decode(data, size, &m) != REASON_NONE)
        return;
    assert(frame_arp_encode(&m, frame, sizeof(frame)) == sizeof(frame));
    assert(frame_arp_decode(frame, sizeof(frame), &again) == REASON_NONE);
    assert(again.op == m.op && again.sender == m.sender && again.target == m.target);
    assert(hw_equal(&again.sender_hw, &m.sender_hw) && hw_equal(&again.target_hw, &m.target_hw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_arp(data, size);
    struct packet packet;
    if (frame_decode(data, size, FRAME_CHECKSUM_NOT_READY, &packet) != REASON_NONE) {
        assert(frame_decode(data, size, FRAME_CHECKSUM_CHECK, &packet) != REASON_NONE);
        return 0;
    }
    assert(packet.bytes >= data && packet.bytes + packet.len <= data + size);
    check_again(&packet);
    return 0;
}
