#include "http_double.h"

#include "unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEEN_MAX = 64 * 1024 };

struct http_double {
    struct http_script script;
    pthread_t thread;
    pthread_mutex_t mutex;
    int listener, stop, port, connections;
    char seen[SEEN_MAX];
    size_t seen_size;
    SSL_CTX *context;
    char certificate[8192], pin[128];
};

/* ---- a certificate ---- */

static void name_pin(struct http_double *server, X509 *certificate)
{
    unsigned char *key = NULL, hash[32];
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    SHA256(key, (size_t)size, hash);
    OPENSSL_free(key);
    strcpy(server->pin, "sha256//");
    EVP_EncodeBlock((unsigned char *)server->pin + 8, hash, sizeof hash);
}

static void make_certificate(struct http_double *server)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"school", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    BIO *memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    int size = BIO_read(memory, server->certificate, sizeof server->certificate - 1);
    server->certificate[size > 0 ? size : 0] = '\0';
    BIO_free(memory);
    name_pin(server, certificate);
    server->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(server->context, certificate);
    SSL_CTX_use_PrivateKey(server->context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* ---- a connection ---- */

struct connection {
    struct http_double *server;
    int fd;
    SSL *tls;
};

static ssize_t receive(struct connection *c, char *bytes, size_t size)
{
    struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->server->stop, .events = POLLIN}};
    bool waiting = c->tls == NULL || SSL_pending(c->tls) == 0;
    if (waiting && (poll(fds, 2, -1) < 0 || fds[1].revents != 0))
        return -1;
    return c->tls != NULL ? SSL_read(c->tls, bytes, (int)size) : read(c->fd, bytes, size);
}

static bool send_all(struct connection *c, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent =
            c->tls != NULL ? SSL_write(c->tls, bytes, (int)size) : send(c->fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static size_t body_size(const char *head)
{
    const char *length = strcasestr(head, "content-length:");
    return length != NULL ? (size_t)atol(length + strlen("content-length:")) : 0;
}

/* One whole request into `seen`. */
static bool take_request(struct connection *c)
{
    static __thread char request[SEEN_MAX];
    size_t size = 0, wanted = 0;
    for (;;) {
        ssize_t got = receive(c, request + size, sizeof request - 1 - size);
        if (got <= 0)
            return false;
        size += (size_t)got;
        request[size] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (end != NULL)
            wanted = (size_t)(end - request) + 4 + body_size(request);
        if (end != NULL && size >= wanted)
            break;
    }
    pthread_mutex_lock(&c->server->mutex);
    size_t room = sizeof c->server->seen - 1 - c->server->seen_size, part = size < room ? size : room;
    memcpy(c->server->seen + c->server->seen_size, request, part);
    c->server->seen_size += part;
    pthread_mutex_unlock(&c->server->mutex);
    return true;
}

static void serve(struct connection *c)
{
    static const char filler[4096] = {[0 ... 4095] = 'x'};
    const struct http_script *script = &c->server->script;
    char nothing[16];
    while (take_request(c)) {
        if (script->answer == NULL) {
            (void)receive(c, nothing, sizeof nothing);
            return;
        }
        if (!send_all(c, script->answer, strlen(script->answer)))
            return;
        for (size_t left = script->repeat; left > 0;) {
            size_t part = left < sizeof filler ? left : sizeof filler;
            if (!send_all(c, filler, part))
                return;
            left -= part;
        }
        if (script->close)
            return;
    }
}

static void *run(void *arg)
{
    struct http_double *server = arg;
    struct pollfd fds[2] = {{.fd = server->listener, .events = POLLIN},
                            {.fd = server->stop, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        struct connection c = {.server = server, .fd = accept(server->listener, NULL, NULL)};
        if (c.fd < 0)
            continue;
        pthread_mutex_lock(&server->mutex);
        server->connections++;
        pthread_mutex_unlock(&server->mutex);
        bool open = true;
        if (server->context != NULL) {
            c.tls = SSL_new(server->context);
            SSL_set_fd(c.tls, c.fd);
            open = SSL_accept(c.tls) == 1;
        }
        if (open)
            serve(&c);
        SSL_free(c.tls);
        close(c.fd);
    }
    return NULL;
}

/* ---- life ---- */

struct http_double *http_double_start(const struct http_script *script)
{
    struct http_double *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_non_null(server);
    server->script = *script;
    pthread_mutex_init(&server->mutex, NULL);
    if (script->tls)
        make_certificate(server);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server->stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void http_double_stop(struct http_double *server)
{
    assert_int_equal(eventfd_write(server->stop, 1), 0);
    pthread_join(server->thread, NULL);
    close(server->listener);
    close(server->stop);
    SSL_CTX_free(server->context);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

int http_double_port(const struct http_double *server)
{
    return server->port;
}

const char *http_double_seen(struct http_double *server)
{
    return server->seen;
}

int http_double_connections(struct http_double *server)
{
    pthread_mutex_lock(&server->mutex);
    int connections = server->connections;
    pthread_mutex_unlock(&server->mutex);
    return connections;
}

const char *http_double_certificate(const struct http_double *server)
{
    return server->certificate;
}

const char *http_double_pin(const struct http_double *server)
{
    return server->pin;
}
