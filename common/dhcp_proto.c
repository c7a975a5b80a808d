#include "common/dhcp_proto.h"

#include <stddef.h>

const char *dhcp_type_name(uint8_t type)
{
    static const char *const names[] = {[DHCP_BOOTP] = "BOOTP",
#define X(name, value, text) [name] = text,
                                        DHCP_TYPE_MAP(X)
#undef X
    };
    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}
