/*
 * The station's own secrets and the file that holds them: an Ed25519 key that signs the log, and a master key
 * that wraps the students' keys.
 *
 * The file (mode 0600) is 152 bytes: the magic "rollcall.key", the format's version, the generation of the
 * master key and whether there is a previous one (each 4 bytes little endian), the seed of the signing key,
 * the master key, the previous master key (zeros when none), and BLAKE2b-256 of all that.
 *
 * Why two master keys: erasing a student must make the templates unreadable for good, but a copy-on-write
 * database keeps old pages, and with them the old wrapped key, until they happen to be used again. So an
 * erasure also rotates the master key: the other students' keys are wrapped again with a new one, and the old
 * one is destroyed. While that is going on the file holds both, so that a power cut at any instant leaves one
 * that fits (common/store/keyvault.h).
 *
 * Secrets live in locked, guarded memory that is wiped when it is freed. One handle, one thread at a time.
 */
#ifndef CM_KEYFILE_H
#define CM_KEYFILE_H

#include "base/err.h"
#include "crypt/seal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_PUBLIC_KEY_SIZE = 32, CM_SIGNATURE_SIZE = 64 };

struct cm_keys;

/* New random keys, in memory only; generation 1. */
enum cm_code cm_keys_create(struct cm_keys **ret_keys, struct cm_err *err);
/* CM_NOTFOUND: no such file. CM_INVALID: not a plain file, others may read it, or not ours to read (the
 * message says what to do). CM_CORRUPT: wrong size, magic or checksum. CM_NEWER: a newer format. */
enum cm_code cm_keys_load(const char *path, struct cm_keys **ret_keys, struct cm_err *err);
/* Writes the file, durably and at once or not at all (by way of PATH.new), and overwrites the one that it replaces, as
 * far as the disk lets anyone overwrite. Only one process at a time may. CM_NOSPACE, CM_BACKEND. */
enum cm_code cm_keys_save(const struct cm_keys *keys, const char *path, struct cm_err *err);
/* Whether a save was interrupted and left PATH.new, which holds keys; and what destroys that. Within the same exclusion
 * as a save. */
bool cm_keys_left_over(const char *path);
enum cm_code cm_keys_clean(const char *path, struct cm_err *err);
void cm_keys_destroy(struct cm_keys *keys);

/* Valid as long as the handle. */
const uint8_t *cm_keys_public(const struct cm_keys *keys);
void cm_keys_sign(const struct cm_keys *keys, const uint8_t *message, size_t size,
                  uint8_t ret_signature[CM_SIGNATURE_SIZE]);

/* Opens what was sealed to the X25519 key that belongs to the signing key (box.h); keys is a struct cm_keys, void so that
 * it fits where cm_box_open does. */
enum cm_code cm_keys_box_open(const void *keys, const uint8_t *sealed, size_t size, uint8_t *plain,
                              struct cm_err *err);
/* A new signing key, and with it a new identity; the master keys stay. In memory: save it. */
void cm_keys_renew(struct cm_keys *keys);

uint32_t cm_keys_generation(const struct cm_keys *keys); /* of the current master key */
bool cm_keys_has_previous(const struct cm_keys *keys);   /* of the generation before */
/* A new master key; the current one becomes the previous one. In memory: save it. */
void cm_keys_rotate(struct cm_keys *keys);
void cm_keys_drop_previous(struct cm_keys *keys);

/* Both with the master key of that generation. CM_CORRUPT: the handle has none of that generation. */
enum cm_code cm_keys_wrap(const struct cm_keys *keys, uint32_t generation, const char *owner,
                          const uint8_t key[CM_KEY_SIZE], uint8_t ret_wrapped[CM_WRAPPED_SIZE],
                          struct cm_err *err);
enum cm_code cm_keys_unwrap(const struct cm_keys *keys, uint32_t generation, const char *owner,
                            const uint8_t wrapped[CM_WRAPPED_SIZE], uint8_t ret_key[CM_KEY_SIZE],
                            struct cm_err *err);

#endif
