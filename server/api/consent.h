/*
 * Consent, for handlers and for roster files: saying a word, and showing how it stands.
 */
#ifndef SRV_API_CONSENT_H
#define SRV_API_CONSENT_H

#include "api/api.h"
#include "lane/rule.h"

enum { SRV_CONSENTS_MAX = 500 /* in one call */ };

/* Within a write. The event has its envelope and, of the body, state, by, given_by, text_version ("": of a consent, the version
 * that the settings name) and words; the rest is filled in. The same word again, while it counts, changes nothing. */
enum cm_code srv_consent_say(struct srv_store *store, const struct srv_student *student,
                             struct cm_event *event, bool *ret_changed, struct cm_err *err);

/* What the lanes of the student follow from. */
enum cm_code srv_consent_facts(struct srv_store *store, const struct srv_student *student,
                               struct cm_lane_facts *ret_facts, struct cm_err *err);
/* Fields of one student: since when, which lanes, and everything that was said. */
enum cm_code srv_consent_out(struct srv_reply *reply, const struct srv_app *app,
                             const struct srv_student *student, struct cm_err *err);

#endif
