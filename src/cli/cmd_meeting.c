/* cmd_meeting.c - meetings from the command line. */
#include "cli/admin_client.h"
#include "cli/commands.h"

static void put_list(cli_call *call, const cli_args *args, const char *option,
                     const char *type)
{
    for (size_t i = 0; i < cli_count(args, option); i++) {
        cv_json_begin_object(&call->json, NULL);
        cv_json_put_str(&call->json, "address", cli_value_at(args, option, i));
        cv_json_put_str(&call->json, "type", type);
        cv_json_end_object(&call->json);
    }
}

static void put_fields(cli_call *call, const cli_args *args)
{
    static const char *const texts[] = { "subject", "location", "body",
                                         "start",   "end",      "zone" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cli_call_text(call, texts[i], cli_value(args, texts[i], NULL));
    cv_json_begin_array(&call->json, "attendees");
    put_list(call, args, "to", "required");
    put_list(call, args, "optional", "optional");
    put_list(call, args, "resource", "resource");
    cv_json_end_array(&call->json);
}

static int run_create(const cli_args *args)
{
    cli_call call;
    bool printed;
    int rc = CLI_OK;

    cli_call_init(&call, "meeting.create");
    cli_call_text(&call, "account", cli_operand(args, 0));
    put_fields(&call, args);
    if (cli_has(args, "file"))
        rc = cli_call_file(&call, cli_value(args, "file", NULL));
    if (rc == CLI_OK)
        rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed)
        printf("meeting %lld made, request queued\n",
               (long long)cv_json_int_or(call.result, "id", 0));
    cli_call_clear(&call);
    return rc;
}

static void about(cli_call *call, const cli_args *args, const char *cmd)
{
    cli_call_init(call, cmd);
    cli_call_text(call, "account", cli_operand(args, 0));
    cli_call_text(call, "meeting", cli_operand(args, 1));
}

static int run_update(const cli_args *args)
{
    cli_call call;

    about(&call, args, "meeting.update");
    put_fields(&call, args);
    cv_json_begin_array(&call.json, "removed");
    for (size_t i = 0; i < cli_count(args, "remove"); i++)
        cv_json_put_str(&call.json, NULL, cli_value_at(args, "remove", i));
    cv_json_end_array(&call.json);
    return cli_call_simple(&call, args, "changed, update queued");
}

static int run_cancel(const cli_args *args)
{
    cli_call call;

    about(&call, args, "meeting.cancel");
    return cli_call_simple(&call, args, "canceled, cancellation queued");
}

static int answer(const cli_args *args, const char *word)
{
    cli_call call;

    about(&call, args, "meeting.answer");
    cli_call_text(&call, "response", word);
    cli_call_text(&call, "comment", cli_value(args, "comment", NULL));
    return cli_call_simple(&call, args, "answered");
}

static int run_accept(const cli_args *args)
{
    return answer(args, "accept");
}

static int run_tentative(const cli_args *args)
{
    return answer(args, "tentative");
}

static int run_decline(const cli_args *args)
{
    return answer(args, "decline");
}

static void print_attendee(cli_call *call, const cv_json *a)
{
    const char *when = cli_str(call, a, "trackTime");
    const char *stored = cli_str(call, a, "trackTimeStored");

    printf("    %-10s %-28s %-10s %s%s%s\n", cli_str(call, a, "role"),
           cli_str(call, a, "address"), cli_str(call, a, "response"), when,
           *stored ? "stored time unusable: " : "", stored);
}

static void print_response(cli_call *call, const cv_json *r)
{
    printf("    %s %s %s%s\n", cli_str(call, r, "answered"),
           cli_str(call, r, "from"), cli_str(call, r, "class"),
           cv_json_bool_or(r, "outOfDate", false) ? " (out of date)" : "");
    if (cv_json_bool_or(r, "banner", false))
        printf("      %s\n", cli_str(call, r, "bannerText"));
}

static void print_list(cli_call *call, const cv_json *list, const char *title,
                       void (*print)(cli_call *, const cv_json *))
{
    if (!list || list->count == 0)
        return;
    printf("  %s\n", title);
    for (size_t i = 0; i < list->count; i++)
        print(call, &list->items[i]);
}

static int run_show(const cli_args *args)
{
    cli_call call;
    bool printed;

    about(&call, args, "meeting.show");
    int rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed) {
        const cv_json *m = call.result;
        printf("%s%s\n  %s to %s%s%s\n  organizer %s, sequence %lld, %s\n",
               cli_str(&call, m, "subject"),
               cv_json_bool_or(m, "canceled", false) ? " (canceled)" : "",
               cli_str(&call, m, "start"), cli_str(&call, m, "end"),
               *cli_str(&call, m, "location") ? ", " : "",
               cli_str(&call, m, "location"), cli_str(&call, m, "organizer"),
               (long long)cv_json_int_or(m, "sequence", 0),
               cli_str(&call, m, "response"));
        print_list(&call, cv_json_get(m, "attendees"), "attendees",
                   print_attendee);
        print_list(&call, cv_json_get(m, "responses"), "answers",
                   print_response);
    }
    cli_call_clear(&call);
    return rc;
}

static int run_list(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "meeting.list");
    cli_call_text(&call, "account", cli_operand(args, 0));
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count;
         i++) {
        const cv_json *m = &call.result->items[i];
        printf("%-6lld %-21s %-28s %s\n", (long long)cv_json_int_or(m, "id", 0),
               cli_str(&call, m, "start"), cli_str(&call, m, "organizer"),
               cli_str(&call, m, "subject"));
    }
    cli_call_clear(&call);
    return rc;
}

#define FIELD_OPTIONS \
    { 's', "subject", "TEXT", "subject" }, \
        { 0, "start", "TIME", "start, as 2026-11-23T09:00:00Z" }, \
        { 0, "end", "TIME", "end (default: half an hour after the start)" }, \
        { 'l', "location", "TEXT", "location" }, \
        { 0, "body", "TEXT", "text of the invitation" }, \
        { 0, "zone", "ZONE", "time zone to show it in" }, \
        { 't', "to", "ADDRESS", "required attendee; may be repeated" }, \
        { 0, "optional", "ADDRESS", "optional attendee; may be repeated" }, \
    { \
        0, "resource", "ADDRESS", "room or other resource; may be repeated" \
    }

static const cli_option create_options[] = {
    FIELD_OPTIONS,
    { 0, "file", "FILE", "an appointment to send: .msg, .ics or JSON" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option update_options[] = {
    FIELD_OPTIONS,
    { 0, "remove", "ADDRESS", "attendee to leave out; may be repeated" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option answer_options[] = {
    { 0, "comment", "TEXT", "text of the answer" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option plain[] = { CLI_ADMIN_OPTIONS, { 0 } };

#define SUB(var, ops, opts, count, text) \
    static const cli_command var = { .name = #var, \
                                     .operands = ops, \
                                     .summary = text, \
                                     .options = opts, \
                                     .min_operands = count, \
                                     .max_operands = count, \
                                     .run = run_##var }
#define ABOUT "ACCOUNT MEETING"
SUB(create, "ACCOUNT", create_options, 1, "Make a meeting and invite.");
SUB(update, ABOUT, update_options, 2, "Change a meeting and send an update.");
SUB(cancel, ABOUT, plain, 2, "Cancel a meeting.");
SUB(accept, ABOUT, answer_options, 2, "Accept an invitation.");
SUB(tentative, ABOUT, answer_options, 2, "Accept tentatively.");
SUB(decline, ABOUT, answer_options, 2, "Decline an invitation.");
SUB(show, ABOUT, plain, 2, "Show a meeting, its tracking and its answers.");
SUB(list, "ACCOUNT", plain, 1, "List an account's calendar.");
static const cli_command *const subs[] = { &create, &update,    &cancel,
                                           &accept, &tentative, &decline,
                                           &show,   &list,      NULL };

const cli_command cli_cmd_meeting = {
    .name = "meeting",
    .operands = "",
    .summary = "Meetings: invite, answer, change, track.",
    .more = "MEETING is the number that `meeting list` prints, a UID, or a "
            "subject that only one meeting has.\n",
    .subs = subs,
};
