/* Templates that the server sent, did not name, or refused. */
#include "store/apply.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <stdlib.h>
#include <string.h>

enum cm_code stn_apply_remove_templates(struct stn_apply *a, const char *id, bool shred, struct cm_err *err)
{
    bool had_key = false;
    enum cm_code code = stn_templates_delete(a->txn, id, &had_key, err);
    if (code == CM_OK && had_key) {
        a->any = true;
        a->applied.enrolments++;
        a->shred = a->shred || shred;
    }
    return code == CM_OK ? stn_apply_forget_served(a, STN_SERVED_TEMPLATES, id, err) : code;
}

enum cm_code stn_apply_keep_enrolment(struct stn_apply *a, const char *id, bool *ret_kept, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(a->txn, STN_TABLE_KEYS, id, strlen(id), &value, err);
    *ret_kept = code == CM_OK;
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    a->applied.kept++;
    code = stn_apply_forget_served(a, STN_SERVED_TEMPLATES, id, err);
    return code == CM_OK ? stn_upload_again(a->txn, id, err) : code;
}

enum cm_code stn_apply_consent(struct stn_apply *a, const char *id, bool *ret_said_no, struct cm_err *err)
{
    struct stn_consent consent;
    enum cm_code code = stn_consent_get(a->txn, id, &consent, err);
    *ret_said_no =
        code == CM_OK && (consent.state == CM_CONSENT_REFUSED || consent.state == CM_CONSENT_WITHDRAWN);
    if (!*ret_said_no)
        return code;
    code = stn_apply_remove_templates(a, id, true, err);
    return code == CM_OK ? stn_upload_forget(a->txn, id, err) : code;
}

static enum cm_code replace_templates(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    size_t count = 0;
    enum cm_code code = stn_vault_ready(a->store, a->txn, err);
    if (code != CM_OK)
        return code;
    code =
        cm_templates_open(cm_keys_box_open, a->store->keys, item->body, item->id, a->templates, &count, &why);
    if (code != CM_OK) { /* one student who must be enrolled again holds nobody else up */
        a->applied.damaged++;
        return CM_OK;
    }
    if (count == 0)
        return stn_apply_remove_templates(a, item->id, true, err);
    code = stn_templates_write(a->store, a->txn, item->id, a->templates, count, err);
    cm_wipe(a->templates, sizeof a->templates);
    a->any = true;
    a->applied.enrolments++;
    return code == CM_OK ? stn_apply_note_served(a, STN_SERVED_TEMPLATES, item->id, err) : code;
}

/* Nothing of ours waits: what the server refused once is settled by what it sends now. */
static enum cm_code put_templates(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    enum cm_code code = replace_templates(a, item, err);
    return code == CM_OK ? stn_upload_forget(a->txn, item->id, err) : code;
}

static bool same_templates(const struct cm_template *a, const struct cm_template *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].created_wall_ms != b[i].created_wall_ms ||
            memcmp(a[i].embedding, b[i].embedding, sizeof a[i].embedding) != 0)
            return false;
    return true;
}

/* Ours wait to go up and are newer, so the server's are passed over. Mostly they are ours, which come back before the answer
 * to the push does. If not, another station enrolled the student at the same time, and whoever pushed last counts: ours go
 * up once more, for these will not be sent again. */
static enum cm_code pass_over(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_template *own = calloc(CM_SYNC_TEMPLATES_MAX, sizeof *own);
    size_t theirs = 0, ours = 0;
    if (own == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for templates");
    enum cm_code code = stn_vault_ready(a->store, a->txn, err);
    if (code == CM_OK)
        code = stn_templates_read(a->store, a->txn, item->id, own, CM_SYNC_TEMPLATES_MAX, &ours, err);
    if (code == CM_OK && item->body.size > 0 &&
        cm_templates_open(cm_keys_box_open, a->store->keys, item->body, item->id, a->templates, &theirs,
                          NULL) != CM_OK)
        theirs = ours + 1; /* whatever it is, it is not ours */
    if (code == CM_OK && (theirs != ours || !same_templates(own, a->templates, ours)))
        code = stn_upload_again(a->txn, item->id, err);
    cm_wipe(a->templates, sizeof a->templates);
    cm_wipe(own, CM_SYNC_TEMPLATES_MAX * sizeof *own);
    free(own);
    return code;
}

/* … but not those that it took away on purpose: only if this station knew of that, for then they are from after it. */
static enum cm_code keep_newer(struct stn_apply *a, const struct cm_item *item, int64_t known_ms,
                               bool *ret_kept, struct cm_err *err)
{
    return known_ms >= item->at_ms ? stn_apply_keep_enrolment(a, item->id, ret_kept, err) : CM_OK;
}

enum cm_code stn_apply_templates(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    bool kept = false, says = !item->gone && !item->erased, said_no = false;
    int64_t known_ms;
    enum cm_code code = stn_unenrolled_get(a->txn, item->id, &known_ms, err);
    if (code == CM_OK && says)
        code = stn_unenrolled_put(a->txn, item->id, item->at_ms, err);
    if (code == CM_OK)
        code = stn_apply_consent(a, item->id, &said_no, err);
    if (code != CM_OK || said_no)
        return code;
    if (stn_upload_waits(a->txn, item->id))
        return pass_over(a, item, err);
    if (item->body.size > 0 && says)
        return put_templates(a, item, err);
    if (a->went_back && says)
        code = keep_newer(a, item, known_ms, &kept, err);
    return code == CM_OK && !kept ? stn_apply_remove_templates(a, item->id, true, err) : code;
}

/* ---- what the server refused ---- */

struct refuse {
    struct stn_apply apply; /* first: what it changes is changed as by a page */
    const struct stn_upload *upload;
    const char *other_id;
    struct cm_item item;
};

static enum cm_code refuse(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct refuse *r = arg;
    struct stn_apply *a = &r->apply;
    bool current = false;
    a->txn = txn;
    a->shred = a->any = false;
    enum cm_code code = stn_meta_get_number(txn, STN_GENERATION_KEY, &a->generation, err);
    if (code == CM_OK)
        code = stn_upload_refuse(txn, r->upload, r->other_id, &current, err);
    if (code != CM_OK || !current)
        return code;
    code = r->item.body.size > 0 ? replace_templates(a, &r->item, err)
                                 : stn_apply_remove_templates(a, r->item.id, true, err);
    if (code == CM_OK && a->shred)
        code = stn_vault_rotate(a->store, txn, err);
    return code == CM_OK ? stn_txn_count_applied(txn, err) : code;
}

enum cm_code stn_store_refuse_upload(struct stn_store *store, const struct stn_upload *upload,
                                     const char *other_id, struct cm_span sealed, struct cm_err *err)
{
    struct refuse *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for what the server sent");
    *r = (struct refuse){.apply.store = store,
                         .upload = upload,
                         .other_id = other_id,
                         .item = {.kind = CM_ITEM_TEMPLATES, .body = sealed}};
    memcpy(r->item.id, upload->student_id, sizeof r->item.id);
    enum cm_code code = stn_store_commit(store, refuse, r, true, err);
    if (code == CM_OK && r->apply.shred) /* when it fails, the next start does it (vault.h) */
        (void)stn_vault_forget(store, NULL);
    cm_wipe(r->apply.templates, sizeof r->apply.templates);
    free(r);
    return code;
}
