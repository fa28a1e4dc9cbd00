/*
 * Text as it is compared, so that a name is found however it was typed: without case, without accents, and in one spelling
 * where Unicode has several (nukta letters, ligatures, full width). Vowel signs and nuktas of Indic scripts belong to the
 * letters and stay; joiners and others that nobody sees do not.
 */
#ifndef SRV_API_FOLD_H
#define SRV_API_FOLD_H

#include "record/record.h"

enum { SRV_FOLD_SIZE = 2 * CM_NAME_SIZE }; /* a letter may become several; what does not fit is left out */

/* text: UTF-8, else nothing of it is left. Pure. */
void srv_fold(const char *text, char ret_folded[SRV_FOLD_SIZE]);

#endif
