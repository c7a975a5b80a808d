/* Options inside options: the sub-options of an "option-data" are put into the options that contain them. A
 * part of srv_parse_option. */
#pragma once
#include "server/srv_parse.h"

enum {
    SRV_OPTION_DATA_MAX = 1024,
    SRV_OPTION_CONDITIONS_MAX = 4, /* lists of classes at sub-options beside each other */
};

/* An option or a sub-option of the list, before sub-options are put into what contains them. */
struct srv_parse_entry {
    const cJSON *item;
    const char *space;       /* borrowed from the text */
    const char *encapsulate; /* the space whose sub-options follow the data; "": none */
    struct srv_option option;
    struct srv_option *variants; /* in place of the option, if sub-options of it are for some clients only */
    size_t n_variants;
    int condition; /* of a sub-option for some clients only: its place below; else -1 */
    bool is_used;  /* an option, or a sub-option that is in one */
};

struct srv_parse_entries {
    struct srv_parse_entry *list;
    size_t n;
    /* What sub-options ask for, each list once. */
    const struct srv_class_list *conditions[SRV_OPTION_CONDITIONS_MAX];
    unsigned n_conditions;
    bool is_split; /* a sub-option with a condition was met */
};

/* Fills in every option that contains a space, those with sub-options for some clients only with variants,
 * and option 125 with the spaces of enterprises; for that, `list` has room for one entry more. */
void srv_parse_suboptions(struct srv_parse *p, struct srv_parse_entries *entries);

/* Gives the option a copy of the octets that lives as long as the configuration (srv_parse_option.c). */
void srv_parse_option_data(struct srv_parse *p, struct srv_option *option, const uint8_t *data, size_t len);
