/* admin_config.c - settings: get, set, list, backup, restore, "Fix it", and a
 * registry export. */
#include "server/admin_private.h"

#include "base/text.h"
#include "server/registry.h"

static void put_setting(admin_call *call, const settings_row *row,
                        cv_slice scope)
{
    cv_slice value = CV_S("");
    const char *origin = "default";
    cv_json_writer *w = call->out;

    CV_IGNORE(settings_get(call->core->settings, scope,
                           cv_slice_cstr(row->name), call->arena, &value,
                           &origin, NULL));
    cv_json_begin_object(w, NULL);
    cv_json_put_str(w, "name", row->name);
    cv_json_put_text(w, "value", value);
    cv_json_put_str(w, "origin", origin);
    cv_json_put_str(w, "default", row->fallback);
    cv_json_put_str(w, "applies", row->is_live ? "live" : "restart");
    cv_json_put_str(w, "text", row->text);
    cv_json_end_object(w);
}

cv_status admin_config_list(admin_call *call, cv_error *err)
{
    const settings_row *row;
    cv_slice scope = cv_json_text_or(call->args, "domain", CV_S(""));

    (void)err;
    cv_json_begin_array(call->out, "result");
    for (size_t i = 0; (row = settings_row_at(i)) != NULL; i++)
        put_setting(call, row, scope);
    cv_json_end_array(call->out);
    return CV_OK;
}

cv_status admin_config_get(admin_call *call, cv_error *err)
{
    cv_slice name, value;
    const char *origin;
    cv_slice scope = cv_json_text_or(call->args, "domain", CV_S(""));

    CV_TRY(admin_text(call, "name", &name, err));
    CV_TRY(settings_get(call->core->settings, scope, name, call->arena, &value,
                        &origin, err));
    cv_json_begin_object(call->out, "result");
    cv_json_put_text(call->out, "name", name);
    cv_json_put_text(call->out, "value", value);
    cv_json_put_str(call->out, "origin", origin);
    cv_json_end_object(call->out);
    return CV_OK;
}

/* Sets, applies, and says how many queue entries that woke. */
static cv_status set_and_apply(admin_call *call, cv_slice scope, cv_slice name,
                               cv_slice value, cv_error *err)
{
    size_t woken = 0;

    CV_TRY(settings_set(call->core->settings, scope, name, value, err));
    CV_TRY(core_setting_changed(call->core, name, &woken, err));
    cv_json_begin_object(call->out, "result");
    cv_json_put_text(call->out, "name", name);
    cv_json_put_text(call->out, "value", value.ptr ? value : CV_S(""));
    cv_json_put_int(call->out, "woken", (int64_t)woken);
    cv_json_end_object(call->out);
    return CV_OK;
}

cv_status admin_config_set(admin_call *call, cv_error *err)
{
    cv_slice name, value = { NULL, 0 };
    const cv_json *node = cv_json_get(call->args, "value");
    cv_slice scope = cv_json_text_or(call->args, "domain", CV_S(""));

    CV_TRY(admin_text(call, "name", &name, err));
    if (node && node->type == CV_JSON_TEXT)
        value = node->text.ptr ? node->text : CV_S("");
    return set_and_apply(call, scope, name, value, err);
}

cv_status admin_config_fixit(admin_call *call, cv_error *err)
{
    static const char *const names[] = { "50338", "KB938650", "938650" };
    cv_slice which;

    CV_TRY(admin_text(call, "which", &which, err));
    for (size_t i = 0; i < CV_LEN(names); i++) {
        if (cv_slice_ieq(which, cv_slice_cstr(names[i])))
            return set_and_apply(call, CV_S(""), TRANSPORT_SETTING_FIX,
                                 CV_S("true"), err);
    }
    return cv_fail(err, CV_ERR_NOTFOUND,
                   "there is no Fix it \"%.*s\"; known: 50338 (KB938650)",
                   CV_FMT(which));
}

/* Live settings as lines "[scope] name=value"; restore reads them. */
cv_status admin_config_backup(admin_call *call, cv_error *err)
{
    store_setting *list;
    size_t count;
    cv_json_writer *w = call->out;

    CV_TRY(
        store_setting_list(call->core->store, call->arena, &list, &count, err));
    cv_json_begin_array(w, "result");
    for (size_t i = 0; i < count; i++) {
        cv_json_begin_object(w, NULL);
        cv_json_put_text(w, "domain", list[i].scope);
        cv_json_put_text(w, "name", list[i].name);
        cv_json_put_text(w, "value", list[i].value);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
    return CV_OK;
}

static bool is_in_backup(const cv_json *backup, const store_setting *s)
{
    for (size_t i = 0; i < backup->count; i++) {
        const cv_json *row = &backup->items[i];
        if (cv_slice_eq(cv_json_text_or(row, "domain", CV_S("")), s->scope) &&
            cv_slice_eq(cv_json_text_or(row, "name", CV_S("")), s->name))
            return true;
    }
    return false;
}

/* Settings that the backup does not have return to their default: the way
 * back must lead to where one came from. */
static cv_status remove_others(admin_call *call, const cv_json *backup,
                               size_t *woken, cv_error *err)
{
    store_setting *list;
    size_t count, n;

    CV_TRY(
        store_setting_list(call->core->store, call->arena, &list, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (is_in_backup(backup, &list[i]))
            continue;
        CV_TRY(settings_set(call->core->settings, list[i].scope, list[i].name,
                            (cv_slice){ NULL, 0 }, err));
        CV_TRY(core_setting_changed(call->core, list[i].name, &n, err));
        *woken += n;
    }
    return CV_OK;
}

cv_status admin_config_restore(admin_call *call, cv_error *err)
{
    const cv_json *backup = cv_json_get(call->args, "settings");
    size_t woken = 0, n;

    if (!backup || backup->type != CV_JSON_ARRAY)
        return cv_fail(err, CV_ERR_SYNTAX, "this is no backup of settings");
    for (size_t i = 0; i < backup->count; i++) {
        const cv_json *row = &backup->items[i];
        cv_slice name = cv_json_text_or(row, "name", CV_S(""));
        CV_TRY(settings_set(call->core->settings,
                            cv_json_text_or(row, "domain", CV_S("")), name,
                            cv_json_text_or(row, "value", CV_S("")), err));
        CV_TRY(core_setting_changed(call->core, name, &n, err));
        woken += n;
    }
    CV_TRY(remove_others(call, backup, &woken, err));
    cv_json_begin_object(call->out, "result");
    cv_json_put_int(call->out, "restored", (int64_t)backup->count);
    cv_json_put_int(call->out, "woken", (int64_t)woken);
    cv_json_end_object(call->out);
    return CV_OK;
}

cv_status admin_config_import_reg(admin_call *call, cv_error *err)
{
    cv_slice bytes;
    registry_value *values;
    size_t count, woken, applied = 0;
    cv_json_writer *w = call->out;

    CV_TRY(admin_bytes(call, "data", &bytes, err));
    CV_TRY(registry_parse(call->arena, bytes, &values, &count, err));
    cv_json_begin_array(w, "result");
    for (size_t i = 0; i < count; i++) {
        const registry_value *v = &values[i];
        if (v->setting) {
            CV_TRY(settings_set(call->core->settings, CV_S(""),
                                cv_slice_cstr(v->setting), v->value, err));
            CV_TRY(core_setting_changed(call->core, cv_slice_cstr(v->setting),
                                        &woken, err));
            applied++;
        }
        cv_json_begin_object(w, NULL);
        cv_json_put_text(w, "registryValue", v->name);
        if (v->setting) {
            cv_json_put_str(w, "name", v->setting);
            cv_json_put_text(w, "value", v->value);
            cv_json_put_int(w, "woken", (int64_t)woken);
        }
        cv_json_put_bool(w, "applied", v->setting != NULL);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
    if (applied == 0)
        return cv_fail(err, CV_ERR_NOTFOUND,
                       "the file holds no registry value that Convoke knows");
    return CV_OK;
}
