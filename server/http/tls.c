#include "http/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct srv_tls {
    pthread_mutex_t lock; /* of context, while it is replaced */
    SSL_CTX *context;
    BIO_METHOD *method;
    char *certificate, *key;
};

struct srv_tls_session {
    SSL *ssl;
    const uint8_t *in; /* what the client sent and OpenSSL has not read; valid within srv_tls_open_bytes */
    size_t in_size;
    struct cm_buf *out;
};

/* ---- the session's bytes: OpenSSL reads from what came and writes to what goes; nothing is kept between ---- */

static int bio_read(BIO *bio, char *bytes, int room)
{
    struct srv_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (room <= 0)
        return 0;
    if (session->in_size == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t size = session->in_size < (size_t)room ? session->in_size : (size_t)room;
    memcpy(bytes, session->in, size);
    session->in += size;
    session->in_size -= size;
    return (int)size;
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    struct srv_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    return cm_buf_append(session->out, bytes, (size_t)size) == CM_OK ? size : -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    if (method != NULL) {
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
    }
    return method;
}

/* ---- the context ---- */

static enum cm_code ssl_failed(struct cm_err *err, const char *what, const char *file)
{
    char reason[128] = "unknown";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return cm_fail(err, CM_INVALID, "%s %s cannot be used: %s", what, file, reason);
}

/* Only HTTP/1.1 is spoken: a client that offers only others is told so in the handshake. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
                           const unsigned char *offered, unsigned offered_size, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl, (void)arg;
    if (SSL_select_next_proto((unsigned char **)ret_name, ret_size, ours, sizeof ours - 1, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

static enum cm_code load(const struct srv_tls *tls, SSL_CTX **ret_context, struct cm_err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    enum cm_code code = CM_OK;
    ERR_clear_error();
    if (context == NULL)
        return cm_fail(err, CM_NOMEM, "OpenSSL cannot be set up");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
        code = ssl_failed(err, "the certificate", tls->certificate);
    else if (SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1)
        code = ssl_failed(err, "the key", tls->key);
    else if (SSL_CTX_check_private_key(context) != 1)
        code = ssl_failed(err, "with this certificate the key", tls->key);
    if (code == CM_OK)
        *ret_context = context;
    else
        SSL_CTX_free(context);
    return code;
}

enum cm_code srv_tls_open(const struct srv_tls_files *files, struct srv_tls **ret_tls, struct cm_err *err)
{
    struct srv_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate = strdup(files->certificate);
    tls->key = strdup(files->key);
    tls->method = make_method();
    enum cm_code code = tls->certificate == NULL || tls->key == NULL || tls->method == NULL
                            ? cm_fail(err, CM_NOMEM, "out of memory")
                            : load(tls, &tls->context, err);
    if (code != CM_OK) {
        srv_tls_close(tls);
        return code;
    }
    *ret_tls = tls;
    return CM_OK;
}

enum cm_code srv_tls_reload(struct srv_tls *tls, struct cm_err *err)
{
    SSL_CTX *fresh;
    enum cm_code code = load(tls, &fresh, err);
    if (code != CM_OK)
        return code;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->context;
    tls->context = fresh;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* counted: sessions keep it as long as they run */
    return CM_OK;
}

void srv_tls_close(struct srv_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    pthread_mutex_destroy(&tls->lock);
    free(tls->certificate);
    free(tls->key);
    free(tls);
}

/* ---- sessions ---- */

struct srv_tls_session *srv_tls_session_create(struct srv_tls *tls, struct cm_buf *out)
{
    struct srv_tls_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->out = out;
    pthread_mutex_lock(&tls->lock);
    session->ssl = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    BIO *bio = session->ssl != NULL ? BIO_new(tls->method) : NULL;
    if (bio == NULL) {
        srv_tls_session_destroy(session);
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio); /* takes it over */
    SSL_set_accept_state(session->ssl);
    return session;
}

void srv_tls_session_destroy(struct srv_tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    free(session);
}

enum cm_code srv_tls_open_bytes(struct srv_tls_session *session, const uint8_t *bytes, size_t size,
                                uint8_t *ret_plain, size_t room, size_t *ret_size)
{
    size_t plain_size = 0;
    session->in = bytes;
    session->in_size = size;
    enum cm_code code = CM_OK;
    ERR_clear_error();
    while (code == CM_OK) {
        size_t got = 0;
        int result = SSL_read_ex(session->ssl, ret_plain + plain_size, room - plain_size, &got);
        plain_size += got;
        if (result == 1 && plain_size < room)
            continue;
        int reason = result == 1 ? SSL_ERROR_SSL : SSL_get_error(session->ssl, result);
        if (reason == SSL_ERROR_ZERO_RETURN)
            code = CM_EOF;
        else if (reason != SSL_ERROR_WANT_READ)
            code = CM_INVALID;
        break;
    }
    ERR_clear_error();
    session->in = NULL;
    session->in_size = 0;
    *ret_size = plain_size;
    if (code == CM_OK && !SSL_is_init_finished(session->ssl))
        return CM_AGAIN;
    return code;
}

bool srv_tls_seal(struct srv_tls_session *session, const uint8_t *bytes, size_t size, struct cm_buf *out)
{
    size_t written;
    session->out = out;
    ERR_clear_error();
    bool good = size == 0 || SSL_write_ex(session->ssl, bytes, size, &written) == 1;
    ERR_clear_error();
    return good;
}

void srv_tls_goodbye(struct srv_tls_session *session)
{
    ERR_clear_error();
    if (SSL_is_init_finished(session->ssl))
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
}
