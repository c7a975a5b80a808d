/* Messages between hosts as a picture (SVG 1.1, no scripts): each host has a lane, time runs downwards, each
 * message is one arrow with its name and what is to be said about it beside it. Light or dark, as the
 * reader's system is. Values in, text out; any text may come from outside. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LADDER_SVG_LANES_MAX = 32, LADDER_SVG_NOTES_MAX = 8 };

struct ladder_svg_lane {
    const char *role;   /* "client" */
    const char *name;   /* "h1" */
    const char *detail; /* "02:00:5e:10:00:01"; "" for none */
};

enum ladder_svg_tone {
    LADDER_SVG_REQUEST, /* from clients */
    LADDER_SVG_REPLY,   /* from servers */
    LADDER_SVG_REFUSAL, /* NAK, DECLINE */
    LADDER_SVG_NOTICE,  /* needs no answer */
};

enum ladder_svg_note_kind {
    LADDER_SVG_PLAIN,    /* what the message says */
    LADDER_SVG_DECISION, /* why it was sent */
    LADDER_SVG_WARNING,  /* what is wrong or unusual */
};

struct ladder_svg_note {
    enum ladder_svg_note_kind kind;
    const char *text;
};

/* A lease that begins with the message; the bar under its notes. */
struct ladder_svg_lease {
    double t1, t2;                            /* as parts of the whole, 0 to 1 */
    const char *t1_text, *t2_text, *end_text; /* when; NULL end_text: no bar */
};

struct ladder_svg_row {
    const char *heading;        /* of what begins here; NULL: nothing does */
    const char *heading_detail; /* behind it, in small; with a heading only */
    const char *pause; /* what passed since the row above: "30 min later"; NULL: nothing to speak of */
    const char *time;  /* "12:30:00.250" */
    const char *since; /* "+0.3 ms" since the message that it belongs to; "" for none */
    unsigned from;     /* index of a lane */
    uint32_t to;       /* bit per lane, not that of `from`; not 0 */
    enum ladder_svg_tone tone;
    bool again;         /* sent again: dashed */
    bool is_lost;       /* ends on its way to the nearest of `to` */
    bool dim;           /* came to nothing */
    const char *label;  /* "DISCOVER" */
    const char *detail; /* "xid 0x3903f326"; "" for none */
    struct ladder_svg_note notes[LADDER_SVG_NOTES_MAX];
    size_t n_notes;
    struct ladder_svg_lease lease;
};

struct ladder_svg {
    const char *title, *subtitle;
    const struct ladder_svg_lane *lanes; /* from the left */
    size_t n_lanes;                      /* at most LADDER_SVG_LANES_MAX */
    const struct ladder_svg_row *rows;
    size_t n_rows;
    const char *footer; /* "" for none */
};

/* The picture. malloc'ed, the caller frees; NULL if memory is out. */
char *ladder_svg_text(const struct ladder_svg *ladder);
