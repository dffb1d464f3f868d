/* tls_private.h - inside of net_tls; for tls.c and wire.c. */
#ifndef NET_TLS_PRIVATE_H
#define NET_TLS_PRIVATE_H

#include "net/tls.h"

#include <gnutls/gnutls.h>

struct net_tls {
    gnutls_certificate_credentials_t credentials; /* owned */
};

#endif
