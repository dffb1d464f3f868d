/* Accounts, settings, events and facts, against store.h alone. */
#include "store/testing.h"

#include <sys/stat.h>

static store_account alice(cv_slice *aliases)
{
    aliases[0] = CV_S("A.Smith@north.example");
    aliases[1] = CV_S("alice@old.example");
    return (store_account){ .address = CV_S("Alice@North.example"),
                            .name = CV_S("Alice Smith"),
                            .legacy_dn = CV_S("/o=North/ou=Site/cn=alice"),
                            .time_zone = CV_S("Europe/Berlin"),
                            .language = CV_S("de"),
                            .aliases = aliases,
                            .alias_count = 2 };
}

static void account_is_found_by_every_name_in_any_case(void **state)
{
    static const char *const names[] = {
        "alice@north.example", "ALICE@NORTH.EXAMPLE", "a.smith@north.example",
        "Alice@Old.example", "/O=NORTH/OU=SITE/CN=ALICE"
    };
    fixture *f = *state;
    cv_slice aliases[2];
    store_account in = alice(aliases), out;
    store_id id;

    OK(f, store_account_add(f->s, &in, &id, &f->err));
    for (size_t i = 0; i < CV_LEN(names); i++) {
        OK(f, store_account_find(f->s, cv_slice_cstr(names[i]), f->arena, &out,
                                 &f->err));
        assert_int_equal(out.id, id);
    }
    TEXT_IS(out.address, "alice@north.example");
    TEXT_IS(out.name, "Alice Smith");
    TEXT_IS(out.legacy_dn, "/o=North/ou=Site/cn=alice");
    TEXT_IS(out.time_zone, "Europe/Berlin");
    TEXT_IS(out.language, "de");
    assert_int_equal(out.alias_count, 2);
    TEXT_IS(out.aliases[0], "a.smith@north.example");
    TEXT_IS(out.aliases[1], "alice@old.example");
    assert_int_equal(store_account_find(f->s, CV_S("bob@north.example"),
                                        f->arena, &out, NULL),
                     CV_ERR_NOTFOUND);
}

static void a_taken_name_adds_nothing_at_all(void **state)
{
    fixture *f = *state;
    cv_slice aliases[2];
    cv_slice taken = CV_S("ALICE@old.example");
    store_account in = alice(aliases), out;
    store_account second = { .address = CV_S("bob@north.example"),
                             .aliases = &taken,
                             .alias_count = 1 };
    store_account *list;
    store_id id;
    size_t count;

    OK(f, store_account_add(f->s, &in, &id, &f->err));
    assert_int_equal(store_account_add(f->s, &second, &id, &f->err),
                     CV_ERR_CONFLICT);
    assert_string_equal(f->err.what,
                        "alice@old.example belongs to an account already");
    assert_int_equal(
        store_account_find(f->s, second.address, f->arena, &out, NULL),
        CV_ERR_NOTFOUND);
    OK(f, store_account_list(f->s, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 1);
}

static void aliases_come_and_go_but_the_primary_stays(void **state)
{
    fixture *f = *state;
    store_id id = add_account(f, "bob@south.example");
    store_account out;

    OK(f, store_account_alias(f->s, id, CV_S("Robert@South.example"), true,
                              &f->err));
    OK(f, store_account_find(f->s, CV_S("robert@south.example"), f->arena, &out,
                             &f->err));
    assert_int_equal(
        store_account_alias(f->s, id, CV_S("bob@south.example"), false, NULL),
        CV_ERR_NOTFOUND);
    OK(f, store_account_alias(f->s, id, CV_S("robert@south.example"), false,
                              &f->err));
    assert_int_equal(store_account_find(f->s, CV_S("robert@south.example"),
                                        f->arena, &out, NULL),
                     CV_ERR_NOTFOUND);
    assert_int_equal(
        store_account_alias(f->s, 99, CV_S("x@y.example"), true, NULL),
        CV_ERR_NOTFOUND);
}

static void credentials_are_rows_by_scheme(void **state)
{
    fixture *f = *state;
    store_id id = add_account(f, "bob@south.example");
    cv_slice value;

    OK(f, store_credential_set(f->s, id, CV_S("yescrypt"), CV_S("$y$old"),
                               &f->err));
    OK(f, store_credential_set(f->s, id, CV_S("yescrypt"), CV_S("$y$new"),
                               &f->err));
    OK(f, store_credential_get(f->s, id, CV_S("yescrypt"), f->arena, &value,
                               &f->err));
    TEXT_IS(value, "$y$new");
    assert_int_equal(store_credential_get(f->s, id, CV_S("SCRAM-SHA-256"),
                                          f->arena, &value, NULL),
                     CV_ERR_NOTFOUND);
    assert_int_equal(
        store_credential_set(f->s, 99, CV_S("yescrypt"), CV_S("x"), NULL),
        CV_ERR_NOTFOUND);
}

static void a_new_mailbox_has_the_default_folders(void **state)
{
    static const char *const names[] = { "Inbox",      "Sent Items",
                                         "Calendar",   "Deleted Items",
                                         "Drafts",     "Outbox",
                                         "Junk E-mail" };
    fixture *f = *state;
    store_id id = add_account(f, "bob@south.example");
    store_folder *list, inbox;
    size_t count;

    OK(f, store_folder_list(f->s, id, f->arena, &list, &count, &f->err));
    assert_int_equal(count, CV_LEN(names));
    for (size_t i = 0; i < count; i++) {
        TEXT_IS(list[i].name, names[i]);
        assert_int_equal(list[i].account, id);
        assert_int_equal(list[i].uid_next, 1);
        assert_int_equal(list[i].count, 0);
        assert_int_equal(list[i].uid_validity, NOON / CV_TICKS_PER_SEC);
    }
    OK(f,
       store_folder_find(f->s, id, CV_S("Inbox"), f->arena, &inbox, &f->err));
    assert_int_equal(inbox.id, list[0].id);
    assert_int_equal(
        store_folder_find(f->s, id, CV_S("Attic"), f->arena, &inbox, NULL),
        CV_ERR_NOTFOUND);
}

static void every_change_of_a_setting_raises_the_epoch(void **state)
{
    fixture *f = *state;
    cv_slice fix = CV_S("content-conversion.fix"), value;
    store_setting *list;
    uint64_t epoch = 0;
    size_t count;

    assert_int_equal(store_epoch(f->s), 0);
    OK(f,
       store_setting_set(f->s, CV_S(""), fix, CV_S("false"), &epoch, &f->err));
    assert_int_equal(epoch, 1);
    OK(f,
       store_setting_set(f->s, CV_S(""), fix, CV_S("false"), &epoch, &f->err));
    assert_int_equal(epoch, 1);
    OK(f, store_setting_set(f->s, CV_S("south.example"), fix, CV_S(""), &epoch,
                            &f->err));
    assert_int_equal(epoch, 2);
    OK(f, store_setting_get(f->s, CV_S(""), fix, f->arena, &value, &f->err));
    TEXT_IS(value, "false");
    OK(f, store_setting_list(f->s, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 2);
    TEXT_IS(list[1].scope, "south.example");
    assert_int_equal(list[1].epoch, 2);
    assert_int_equal(list[1].changed, NOON);
    OK(f, store_setting_set(f->s, CV_S(""), fix, (cv_slice){ NULL, 0 }, &epoch,
                            &f->err));
    assert_int_equal(epoch, 3);
    assert_int_equal(
        store_setting_get(f->s, CV_S(""), fix, f->arena, &value, NULL),
        CV_ERR_NOTFOUND);
    reopen(f);
    assert_int_equal(store_epoch(f->s), 3);
}

static void an_undone_setting_leaves_the_epoch(void **state)
{
    fixture *f = *state;
    store_tx *tx;
    uint64_t epoch = 0;
    cv_slice value;

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_setting_set(f->s, CV_S(""), CV_S("a"), CV_S("1"), &epoch,
                            &f->err));
    OK(f, store_setting_set(f->s, CV_S(""), CV_S("a"), CV_S("2"), &epoch,
                            &f->err));
    assert_int_equal(epoch, 2);
    assert_int_equal(store_epoch(f->s), 0);
    store_rollback(&tx);
    assert_int_equal(store_epoch(f->s), 0);
    assert_int_equal(
        store_setting_get(f->s, CV_S(""), CV_S("a"), f->arena, &value, NULL),
        CV_ERR_NOTFOUND);
}

static void events_are_listed_from_where_one_left_off(void **state)
{
    fixture *f = *state;
    store_event e = { .at = NOON,
                      .source = CV_S("MSExchangeTransport"),
                      .category = CV_S("Exchange Store Driver"),
                      .number = 327,
                      .severity = CV_S("Warning"),
                      .fields = CV_S("{}") };
    store_event *list;
    size_t count;

    for (int i = 0; i < 5; i++) {
        e.text = cv_arena_printf(f->arena, "event %d", i);
        e.at = NOON + i * MINUTE;
        OK(f, store_event_add(f->s, &e, &f->err));
    }
    OK(f, store_event_list(f->s, 2, 2, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, 3);
    TEXT_IS(list[0].text, "event 2");
    assert_int_equal(list[0].number, 327);
    TEXT_IS(list[1].category, "Exchange Store Driver");
    OK(f, store_event_forget(f->s, NOON + 3 * MINUTE, &count, &f->err));
    assert_int_equal(count, 3);
    OK(f, store_event_list(f->s, 0, 100, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, 4);
}

static void set_fact(fixture *f, store_id account, cv_slice key, cv_slice value)
{
    store_tx *tx;

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_fact_set(tx, account, key, value, &f->err));
    OK(f, store_commit(&tx, &f->err));
}

static void facts_are_kept_replaced_removed_and_forgotten(void **state)
{
    fixture *f = *state;
    store_id id = add_account(f, "bob@south.example");
    store_tx *tx;
    cv_slice value;
    size_t count;

    set_fact(f, id, CV_S("dup:1"), CV_S("a"));
    set_fact(f, id, CV_S("dup:1"), CV_S("b"));
    set_fact(f, id, CV_S("seq:1"), CV_S("7"));
    OK(f, store_fact_get(f->s, id, CV_S("dup:1"), f->arena, &value, &f->err));
    TEXT_IS(value, "b");
    f->clock.now += MINUTE;
    set_fact(f, id, CV_S("dup:2"), CV_S("c"));
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_fact_forget(tx, CV_S("dup:"), NOON + 1, &count, &f->err));
    OK(f, store_commit(&tx, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(
        store_fact_get(f->s, id, CV_S("dup:1"), f->arena, &value, NULL),
        CV_ERR_NOTFOUND);
    OK(f, store_fact_get(f->s, id, CV_S("dup:2"), f->arena, &value, &f->err));
    OK(f, store_fact_get(f->s, id, CV_S("seq:1"), f->arena, &value, &f->err));
    set_fact(f, id, CV_S("seq:1"), CV_S(""));
    assert_int_equal(
        store_fact_get(f->s, id, CV_S("seq:1"), f->arena, &value, NULL),
        CV_ERR_NOTFOUND);
}

static void a_second_opener_is_refused(void **state)
{
    fixture *f = *state;
    char words[160];
    store *second;

    assert_int_equal(store_open(f->dir, &f->env, &second, &f->err),
                     CV_ERR_CONFLICT);
    assert_null(second);
    snprintf(words, sizeof(words), "%s is in use by another convoke", f->dir);
    assert_string_equal(f->err.what, words);
}

static void ids_and_the_store_s_guid_survive_a_restart(void **state)
{
    fixture *f = *state;
    store_id first = add_account(f, "a@x.example");
    cv_guid mdb = *store_mdb(f->s);

    assert_false(cv_guid_is_zero(&mdb));
    reopen(f);
    assert_true(cv_guid_eq(&mdb, store_mdb(f->s)));
    assert_true(add_account(f, "b@x.example") > first);
}

static void only_the_owner_may_read_the_files(void **state)
{
    static const char *const names[] = { "convoke.db", "convoke.db-wal",
                                         "convoke.db-shm", "lock" };
    fixture *f = *state;
    char path[128];
    struct stat info;

    for (size_t i = 0; i < CV_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(account_is_found_by_every_name_in_any_case),
        WITH_STORE(a_taken_name_adds_nothing_at_all),
        WITH_STORE(aliases_come_and_go_but_the_primary_stays),
        WITH_STORE(credentials_are_rows_by_scheme),
        WITH_STORE(a_new_mailbox_has_the_default_folders),
        WITH_STORE(every_change_of_a_setting_raises_the_epoch),
        WITH_STORE(an_undone_setting_leaves_the_epoch),
        WITH_STORE(events_are_listed_from_where_one_left_off),
        WITH_STORE(facts_are_kept_replaced_removed_and_forgotten),
        WITH_STORE(a_second_opener_is_refused),
        WITH_STORE(ids_and_the_store_s_guid_survive_a_restart),
        WITH_STORE(only_the_owner_may_read_the_files),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
