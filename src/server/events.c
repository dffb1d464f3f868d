/* events.c - categories, their levels, and the way of an event. */
#include "server/core.h"

#include "mapi/json.h"

#include <string.h>

/* One row a category. */
static const struct {
    const char *source, *category, *setting;
} categories[] = {
    { "MSExchangeTransport", "Exchange Store Driver",
      "diagnostics.exchange-store-driver" },
    { "MSExchangeTransport", "Queuing Engine", "diagnostics.queuing-engine" },
    { "MSExchangeTransport", "SMTP Protocol", "diagnostics.smtp-protocol" },
    { "MSExchangeIS", "Content Engine", "diagnostics.content-engine" },
};

/* The level from which an event is written, by number; others: minimum. */
static const struct {
    int32_t number;
    int level;
} levels[] = {
    { 327, 3 }, /* KB 938650: at maximum */
};

static int level_of(const transport_event *event)
{
    for (size_t i = 0; i < CV_LEN(levels); i++) {
        if (levels[i].number == event->number)
            return levels[i].level;
    }
    return strcmp(event->severity, "Error") == 0 ? 0 : 1;
}

const char *core_category_at(size_t index)
{
    static const char *const names[] = {
        "MSExchangeTransport/Exchange Store Driver",
        "MSExchangeTransport/Queuing Engine",
        "MSExchangeTransport/SMTP Protocol",
        "MSExchangeIS/Content Engine",
    };

    return index < CV_LEN(names) ? names[index] : NULL;
}

const char *core_level_setting(cv_slice category)
{
    for (size_t i = 0; i < CV_LEN(categories); i++) {
        if (cv_slice_ieq(category, cv_slice_cstr(core_category_at(i))) ||
            cv_slice_ieq(category, cv_slice_cstr(categories[i].category)))
            return categories[i].setting;
    }
    return NULL;
}

static void put_fields(cv_buf *buf, const transport_event *event)
{
    cv_json_writer w = cv_json_writer_of(buf, false);

    cv_json_begin_object(&w, NULL);
    if (event->queue_id)
        cv_json_put_int(&w, "queue", event->queue_id);
    if (event->message) {
        cv_json_put_int(&w, "account", event->account);
        cv_json_put_int(&w, "folder", event->folder);
        cv_json_put_int(&w, "message", event->message);
    }
    cv_json_end_object(&w);
}

void core_emit(core *c, const transport_event *event)
{
    cv_buf fields;
    size_t i = 0;

    while (i < CV_LEN(categories) &&
           strcmp(categories[i].category, event->category) != 0)
        i++;
    cv_assert(i < CV_LEN(categories));
    if (settings_level(c->settings, categories[i].setting) < level_of(event))
        return;
    cv_buf_init(&fields, 1024);
    put_fields(&fields, event);
    store_event row = {
        .at = c->env.now(c->env.ctx),
        .source = cv_slice_cstr(categories[i].source),
        .category = cv_slice_cstr(categories[i].category),
        .number = event->number,
        .severity = cv_slice_cstr(event->severity),
        .text = event->text,
        .fields = cv_buf_slice(&fields),
    };
    /* An event that cannot be stored is still shown. */
    CV_IGNORE(store_event_add(c->store, &row, NULL));
    if (c->on_event)
        c->on_event(c->ctx, &row);
    cv_buf_clear(&fields);
}
