/* The numbers of pcapng, for those who write it (pcapng.c) and read it (capfile.c). */
#pragma once

enum pcapng_block {
    PCAPNG_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
    PCAPNG_INTERFACE = 1,
    PCAPNG_OLD_PACKET = 2, /* obsolete, but some still write it */
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_ENHANCED_PACKET = 6,
};

enum {
    PCAPNG_ORDER = 0x1a2b3c4d,
    PCAPNG_MAJOR = 1,
    PCAPNG_LENGTH_AT = 4, /* where a block tells how long it is */
    PCAPNG_HEAD = 8,      /* octets in front of a block's body */
    PCAPNG_BLOCK_MIN = 12,
};

enum pcapng_option {
    PCAPNG_OPT_END = 0,
    PCAPNG_OPT_COMMENT = 1,
    PCAPNG_OPT_PACKET_FLAGS = 2,
    PCAPNG_OPT_INTERFACE_NAME = 2,
    PCAPNG_OPT_SECTION_APPLICATION = 4,
    PCAPNG_OPT_INTERFACE_HW = 6,
    PCAPNG_OPT_INTERFACE_RESOLUTION = 9,
    PCAPNG_OPT_INTERFACE_TIME_OFFSET = 14,
};

/* Bodies and options fill up to words of four octets. */
#define PCAPNG_PAD(len) (-(size_t)(len)&3U)
