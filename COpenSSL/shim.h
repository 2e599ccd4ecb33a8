// The system's OpenSSL 3 for Swift: its headers, and as functions what Swift cannot import from them,
// which are macros with arguments and calls with variable arguments. No policy here: no loops, no state.
// Each function has the name of what it stands for, with `shim_` before it; see its manual page.
#ifndef THRONG_OPENSSL_SHIM_H
#define THRONG_OPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline long shim_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_mode(context, mode);
}
static inline int shim_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int shim_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline int shim_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_groups_list(context, list);
}
static inline long shim_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int shim_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline long shim_SSL_CTX_set_tlsext_servername_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
  return SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline long shim_SSL_CTX_set_tlsext_servername_arg(SSL_CTX *context, void *argument) {
  return SSL_CTX_set_tlsext_servername_arg(context, argument);
}
static inline long shim_SSL_CTX_set_tlsext_status_cb(
    SSL_CTX *context, int (*callback)(SSL *, void *)) {
  return SSL_CTX_set_tlsext_status_cb(context, callback);
}
static inline long shim_SSL_CTX_set_tlsext_status_arg(SSL_CTX *context, void *argument) {
  return SSL_CTX_set_tlsext_status_arg(context, argument);
}
static inline long shim_SSL_set_tlsext_status_ocsp_resp(SSL *ssl, uint8_t *response, long length) {
  return SSL_set_tlsext_status_ocsp_resp(ssl, response, length);
}
static inline int shim_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline void shim_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void shim_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline EVP_PKEY *shim_EVP_EC_gen(const char *curve) { return EVP_EC_gen(curve); }
static inline void shim_GENERAL_NAME_free(void *name) { GENERAL_NAME_free((GENERAL_NAME *)name); }
static inline unsigned long shim_XN_FLAG_RFC2253(void) { return XN_FLAG_RFC2253; }

// The parameters are an array that refers to the key: awkward to build in Swift.
static inline int shim_EVP_MAC_CTX_set_hmac_sha256(
    EVP_MAC_CTX *context, const uint8_t *key, size_t length) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(context, parameters);
}

// A macro whose value has a type cast, or one wider than Swift takes it for.
static const uint64_t SHIM_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t SHIM_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t SHIM_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t SHIM_SSL_OP_PRIORITIZE_CHACHA = SSL_OP_PRIORITIZE_CHACHA;
static const long SHIM_SSL_MODE_RELEASE_BUFFERS = SSL_MODE_RELEASE_BUFFERS;
static const long SHIM_SSL_MODE_ENABLE_PARTIAL_WRITE = SSL_MODE_ENABLE_PARTIAL_WRITE;
static const long SHIM_SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;

#endif
