#include "client/cli_crowd_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

int cli_crowd_store_open(const char *path, int *out_fd)
{
    *out_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return *out_fd < 0 ? ERR_IO : 0;
}

static int put_line(int fd, uint32_t member, const char *text, size_t len)
{
    char line[CLI_CROWD_LINE_LEN];
    memset(line, ' ', sizeof line);
    memcpy(line, text, len);
    for (size_t i = 0; i < len; i++)
        if (line[i] == '\n' || line[i] == '\t') /* between values: in texts they are escaped */
            line[i] = ' ';
    line[sizeof line - 1] = '\n';
    return pwrite(fd, line, sizeof line, (off_t)member * CLI_CROWD_LINE_LEN) == (ssize_t)sizeof line ? 0
                                                                                                     : ERR_IO;
}

int cli_crowd_store_put(int fd, uint32_t member, const struct cli_lease *lease, const struct hw_addr *hw,
                        const struct clock_now *now)
{
    static const struct cli_ack none;
    char *text = cli_saved_format(lease, &none, hw, now);
    if (text == NULL)
        return ERR_NOMEM;
    size_t len = strlen(text);
    int rc = len < CLI_CROWD_LINE_LEN ? put_line(fd, member, text, len) : ERR_LIMIT;
    free(text);
    return rc;
}

int cli_crowd_store_clear(int fd, uint32_t member)
{
    return put_line(fd, member, "", 0);
}

bool cli_crowd_store_get(int fd, uint32_t member, const struct cli_saved_reader *reader,
                         struct cli_lease *out)
{
    char line[CLI_CROWD_LINE_LEN], why[CLI_SAVED_WHY_MAX];
    struct cli_ack ack;
    if (pread(fd, line, sizeof line, (off_t)member * CLI_CROWD_LINE_LEN) != (ssize_t)sizeof line ||
        line[0] != '{')
        return false;
    return cli_saved_parse("lease file", line, sizeof line, reader, out, &ack, why) == 0;
}
