/* admin_account.c - accounts, credentials and aliases. */
#include "server/admin_private.h"

#include "mapi/entryid.h"
#include "net/password.h"

static cv_status set_password(admin_call *call, store_id account, cv_error *err)
{
    cv_slice password, hash;

    CV_TRY(admin_text(call, "password", &password, err));
    CV_TRY(
        net_password_hash(&call->core->env, password, call->arena, &hash, err));
    return store_credential_set(call->core->store, account, NET_PASSWORD_SCHEME,
                                hash, err);
}

cv_status admin_account_add(admin_call *call, cv_error *err)
{
    store_account a = { 0 };

    CV_TRY(admin_text(call, "address", &a.address, err));
    if (!cv_address_is_smtp(a.address))
        return cv_fail(err, CV_ERR_SYNTAX, "\"%.*s\" is no mail address",
                       CV_FMT(a.address));
    a.name = cv_json_text_or(call->args, "name", a.address);
    a.legacy_dn = cv_json_text_or(call->args, "legacyDn", CV_S(""));
    a.time_zone = cv_json_text_or(call->args, "timeZone", CV_S(""));
    a.language = cv_json_text_or(call->args, "language", CV_S(""));
    CV_TRY(store_account_add(call->core->store, &a, &a.id, err));
    if (cv_json_get(call->args, "password"))
        CV_TRY(set_password(call, a.id, err));
    cv_json_begin_object(call->out, "result");
    cv_json_put_int(call->out, "id", a.id);
    cv_json_end_object(call->out);
    return CV_OK;
}

cv_status admin_account_list(admin_call *call, cv_error *err)
{
    store_account *list;
    size_t count;
    cv_json_writer *w = call->out;

    CV_TRY(
        store_account_list(call->core->store, call->arena, &list, &count, err));
    cv_json_begin_array(w, "result");
    for (size_t i = 0; i < count; i++) {
        cv_json_begin_object(w, NULL);
        cv_json_put_int(w, "id", list[i].id);
        cv_json_put_text(w, "address", list[i].address);
        cv_json_put_text(w, "name", list[i].name);
        cv_json_put_text(w, "legacyDn", list[i].legacy_dn);
        cv_json_put_text(w, "timeZone", list[i].time_zone);
        cv_json_put_text(w, "language", list[i].language);
        cv_json_begin_array(w, "aliases");
        for (size_t k = 0; k < list[i].alias_count; k++)
            cv_json_put_text(w, NULL, list[i].aliases[k]);
        cv_json_end_array(w);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
    return CV_OK;
}

cv_status admin_account_passwd(admin_call *call, cv_error *err)
{
    store_account a;

    CV_TRY(admin_account(call, &a, err));
    CV_TRY(set_password(call, a.id, err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}

cv_status admin_account_alias(admin_call *call, cv_error *err)
{
    store_account a;
    cv_slice alias;

    CV_TRY(admin_account(call, &a, err));
    CV_TRY(admin_text(call, "alias", &alias, err));
    if (!cv_address_is_smtp(alias))
        return cv_fail(err, CV_ERR_SYNTAX, "\"%.*s\" is no mail address",
                       CV_FMT(alias));
    CV_TRY(store_account_alias(call->core->store, a.id, alias,
                               !cv_json_bool_or(call->args, "remove", false),
                               err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}
