#include "common/err.h"

const char *err_text(int err)
{
    switch (err) {
    case 0:
        return "success";
#define X(name, number, text)                                                                                \
    case name:                                                                                               \
        return text;
        ERR_MAP(X)
#undef X
    }
    return "unknown error";
}
