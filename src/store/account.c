/* account.c - accounts, their names (addresses, legacy DN), credentials. */
#include "store/store_private.h"

enum { NAME_PRIMARY, NAME_ALIAS, NAME_LEGACY_DN };

typedef struct account_job {
    const store_account *in;
    store_id id;
    cv_slice address;
    bool add;
} account_job;

/* The name belongs to the account from now on. */
static cv_status claim_name(store_tx *tx, store_id account, cv_slice name,
                            int kind, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_NAME_ADD);

    sql_text(&q, name);
    sql_int(&q, account);
    sql_int(&q, kind);
    cv_status st = sql_end(&q, err);
    if (st == CV_ERR_CONFLICT)
        return cv_fail(err, st, "%.*s belongs to an account already",
                       CV_FMT(name));
    return st;
}

static cv_status insert_account(store_tx *tx, store_id id, cv_slice address,
                                const store_account *a, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_ACCOUNT_ADD);

    sql_int(&q, id);
    sql_text(&q, address);
    sql_text(&q, a->name);
    sql_text(&q, a->legacy_dn);
    sql_text(&q, a->time_zone);
    sql_text(&q, a->language);
    return sql_end(&q, err);
}

static cv_status add_job(store_tx *tx, void *ctx, cv_error *err)
{
    account_job *job = ctx;
    const store_account *a = job->in;
    cv_slice address = store_fold(tx->arena, a->address);
    cv_slice dn = store_fold(tx->arena, a->legacy_dn);

    if (!address.ptr || !dn.ptr)
        return cv_arena_fail(tx->arena, err);
    CV_TRY(store_next_id(tx, "account", &job->id, err));
    CV_TRY(insert_account(tx, job->id, address, a, err));
    CV_TRY(claim_name(tx, job->id, address, NAME_PRIMARY, err));
    if (dn.len > 0)
        CV_TRY(claim_name(tx, job->id, dn, NAME_LEGACY_DN, err));
    for (size_t i = 0; i < a->alias_count; i++) {
        cv_slice alias = store_fold(tx->arena, a->aliases[i]);
        if (!alias.ptr)
            return cv_arena_fail(tx->arena, err);
        CV_TRY(claim_name(tx, job->id, alias, NAME_ALIAS, err));
    }
    return store_folders_make(tx, job->id, err);
}

cv_status store_account_add(store *s, const store_account *a, store_id *id,
                            cv_error *err)
{
    account_job job = { .in = a };

    if (a->address.len == 0)
        return cv_fail(err, CV_ERR_SYNTAX, "an account needs an address");
    CV_TRY(store_write(s, add_job, &job, err));
    *id = job.id;
    return CV_OK;
}

/* -- reading -- */

static cv_status get_aliases(sql_conn *conn, cv_arena *arena,
                             store_account *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_ALIASES);
    size_t room = 0;

    out->aliases = NULL;
    out->alias_count = 0;
    sql_int(&q, out->id);
    while (sql_row(&q)) {
        out->aliases = store_grow(arena, out->aliases, out->alias_count, &room,
                                  sizeof(*out->aliases));
        if (!out->aliases) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        out->aliases[out->alias_count++] = sql_get_slice(&q, 0, arena);
    }
    return sql_end(&q, err);
}

static cv_status get_account(sql_conn *conn, store_id id, cv_arena *arena,
                             store_account *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_ACCOUNT_GET);
    bool found = false;

    sql_int(&q, id);
    if (sql_row(&q)) {
        found = true;
        *out = (store_account){ .id = id };
        out->address = sql_get_slice(&q, 0, arena);
        out->name = sql_get_slice(&q, 1, arena);
        out->legacy_dn = sql_get_slice(&q, 2, arena);
        out->time_zone = sql_get_slice(&q, 3, arena);
        out->language = sql_get_slice(&q, 4, arena);
    }
    CV_TRY(sql_end(&q, err));
    if (!found)
        return cv_fail(err, CV_ERR_NOTFOUND, "no account %lld", (long long)id);
    return get_aliases(conn, arena, out, err);
}

cv_status store_account_get(store *s, store_id id, cv_arena *arena,
                            store_account *out, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_account(r.conn, id, arena, out, err);
    store_read_end(&r);
    return st;
}

static cv_status find_name(sql_conn *conn, cv_slice name, store_id *id,
                           cv_error *err)
{
    sql_query q = sql_start(conn, SQL_NAME_FIND);

    *id = 0;
    sql_text(&q, name);
    if (sql_row(&q))
        *id = sql_get_int(&q, 0);
    CV_TRY(sql_end(&q, err));
    if (*id == 0)
        return cv_fail(err, CV_ERR_NOTFOUND, "no account has the address %.*s",
                       CV_FMT(name));
    return CV_OK;
}

cv_status store_account_find(store *s, cv_slice address, cv_arena *arena,
                             store_account *out, cv_error *err)
{
    store_read r;
    store_id id;
    cv_slice name = store_fold(arena, address);

    if (!name.ptr)
        return cv_arena_fail(arena, err);
    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = find_name(r.conn, name, &id, err);
    if (st == CV_OK)
        st = get_account(r.conn, id, arena, out, err);
    store_read_end(&r);
    return st;
}

static cv_status list_ids(sql_conn *conn, cv_arena *arena, store_id **ids,
                          size_t *count, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_ACCOUNT_LIST);
    size_t room = 0;

    *ids = NULL;
    *count = 0;
    while (sql_row(&q)) {
        *ids = store_grow(arena, *ids, *count, &room, sizeof(**ids));
        if (!*ids) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        (*ids)[(*count)++] = sql_get_int(&q, 0);
    }
    return sql_end(&q, err);
}

static cv_status list_accounts(sql_conn *conn, cv_arena *arena,
                               store_account **out, size_t *count,
                               cv_error *err)
{
    store_id *ids;

    CV_TRY(list_ids(conn, arena, &ids, count, err));
    *out = cv_arena_array(arena, *count, sizeof(**out));
    if (!*out)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < *count; i++)
        CV_TRY(get_account(conn, ids[i], arena, &(*out)[i], err));
    return CV_OK;
}

cv_status store_account_list(store *s, cv_arena *arena, store_account **out,
                             size_t *count, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = list_accounts(r.conn, arena, out, count, err);
    store_read_end(&r);
    return st;
}

/* -- aliases and credentials -- */

static cv_status must_exist(store_tx *tx, store_id account, cv_error *err)
{
    store_account a;

    return get_account(tx->store->writer, account, tx->arena, &a, err);
}

static cv_status alias_job(store_tx *tx, void *ctx, cv_error *err)
{
    account_job *job = ctx;
    cv_slice name = store_fold(tx->arena, job->address);

    if (!name.ptr)
        return cv_arena_fail(tx->arena, err);
    CV_TRY(must_exist(tx, job->id, err));
    if (job->add)
        return claim_name(tx, job->id, name, NAME_ALIAS, err);
    sql_query q = sql_start(tx->store->writer, SQL_ALIAS_DROP);
    sql_text(&q, name);
    sql_int(&q, job->id);
    CV_TRY(sql_end(&q, err));
    if (sql_changes(tx->store->writer) == 0)
        return cv_fail(err, CV_ERR_NOTFOUND, "%.*s is no alias of the account",
                       CV_FMT(name));
    return CV_OK;
}

cv_status store_account_alias(store *s, store_id id, cv_slice address, bool add,
                              cv_error *err)
{
    account_job job = { .id = id, .address = address, .add = add };

    if (address.len == 0)
        return cv_fail(err, CV_ERR_SYNTAX, "an alias needs an address");
    return store_write(s, alias_job, &job, err);
}

typedef struct credential_job {
    store_id account;
    cv_slice scheme, value;
} credential_job;

static cv_status credential_set(store_tx *tx, void *ctx, cv_error *err)
{
    const credential_job *job = ctx;

    CV_TRY(must_exist(tx, job->account, err));
    sql_query q = sql_start(tx->store->writer, SQL_CREDENTIAL_SET);
    sql_int(&q, job->account);
    sql_text(&q, job->scheme);
    sql_blob(&q, job->value);
    return sql_end(&q, err);
}

cv_status store_credential_set(store *s, store_id account, cv_slice scheme,
                               cv_slice value, cv_error *err)
{
    credential_job job = { account, scheme, value };

    return store_write(s, credential_set, &job, err);
}

static cv_status credential_get(sql_conn *conn, store_id account,
                                cv_slice scheme, cv_arena *arena,
                                cv_slice *value, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_CREDENTIAL_GET);
    bool found = false;

    sql_int(&q, account);
    sql_text(&q, scheme);
    if (sql_row(&q)) {
        found = true;
        *value = sql_get_slice(&q, 0, arena);
    }
    CV_TRY(sql_end(&q, err));
    return found ? CV_OK
                 : cv_fail(err, CV_ERR_NOTFOUND, "no credential of scheme %.*s",
                           CV_FMT(scheme));
}

cv_status store_credential_get(store *s, store_id account, cv_slice scheme,
                               cv_arena *arena, cv_slice *value, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = credential_get(r.conn, account, scheme, arena, value, err);
    store_read_end(&r);
    return st;
}
