#include "common/control_clock.h"

#include "common/io_clock.h"

cJSON *control_clock_json(const struct control_traffic *traffic, time_ms deadline, bool is_busy)
{
    char iso[CLOCK_ISO_LEN], scale[CLOCK_SCALE_LEN];
    struct clock_now now = io_now();
    struct clock_line line = io_clock_line();
    cJSON *json = cJSON_CreateObject();
    clock_iso(now.wall_ms, now.utc_offset_s, iso);
    cJSON_AddNumberToObject(json, "now_ms", (double)now.boot_ms);
    cJSON_AddStringToObject(json, "time", iso);
    cJSON_AddRawToObject(json, "scale", clock_scale_format(line.scale, scale));
    if (deadline == TIME_NEVER)
        cJSON_AddNullToObject(json, "deadline_ms");
    else
        cJSON_AddNumberToObject(json, "deadline_ms", (double)deadline);
    cJSON_AddNumberToObject(json, "sent", (double)traffic->sent);
    cJSON_AddNumberToObject(json, "heard", (double)traffic->heard);
    cJSON_AddBoolToObject(json, "busy", is_busy);
    return json;
}
