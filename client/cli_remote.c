#include "client/cli_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control_call.h"
#include "common/err.h"

enum {
    CODE_EMPTY = 3,
    CODE_USAGE = 2,
    ANSWER_MS =
        24 * 3600 * 1000, /* the client answers within the "timeout_s" of the command, a day at most */
};

static int tell(const char *path, const char *why)
{
    fprintf(stderr, "dhcplab-client: %s: %s\n", path, why);
    return EXIT_FAILURE;
}

static int exit_code(const cJSON *reply)
{
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(reply, "result");
    if (result == NULL || !cJSON_IsNumber(result))
        return EXIT_FAILURE;
    if ((int)result->valuedouble == CONTROL_EMPTY)
        return CODE_EMPTY;
    return (int)result->valuedouble == CONTROL_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What a client has done is one sentence; its whole status comes with it. */
static bool is_deed(const char *command)
{
    static const char *const deeds[] = {"renew", "rebind", "release", "decline", "inform"};
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
        if (strcmp(command, deeds[i]) == 0)
            return true;
    return false;
}

/* What was asked for as JSON; the sentence of a deed, of a failure, and where there is nothing else. */
static void print_answer(const char *command, const cJSON *reply)
{
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(reply, "arguments");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "text"));
    bool is_done = exit_code(reply) == EXIT_SUCCESS;
    char *json = is_done && arguments != NULL && !is_deed(command) ? cJSON_Print(arguments) : NULL;
    fprintf(is_done ? stdout : stderr, "%s\n", json != NULL ? json : text != NULL ? text : "");
    cJSON_free(json);
}

static bool print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
    return fflush(stdout) == 0;
}

int cli_remote_run(const char *path, const char *command, const char *arguments)
{
    cJSON *reply = NULL, *map = arguments != NULL ? cJSON_ParseWithOpts(arguments, NULL, true) : NULL;
    if (arguments != NULL && !cJSON_IsObject(map)) {
        cJSON_Delete(map);
        tell(arguments, "the arguments of a command are a JSON map");
        return CODE_USAGE;
    }
    bool is_stream = strcmp(command, "events") == 0;
    int rc = is_stream ? control_call_follow(path, command, ANSWER_MS, print_line, NULL, &reply)
                       : control_call(path, command, map, ANSWER_MS, &reply);
    int code = rc < 0 ? tell(path, err_text(rc)) : exit_code(reply);
    if (rc == 0 && !(is_stream && code == EXIT_SUCCESS))
        print_answer(command, reply);
    cJSON_Delete(reply);
    cJSON_Delete(map);
    return code;
}
