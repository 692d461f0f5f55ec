/* SPDX-License-Identifier: GPL-2.0-or-later */
/* certs.h - which certificates are for a registry: containers-certs.d(5) */
#ifndef CORACLE_CONF_CERTS_H
#define CORACLE_CONF_CERTS_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"
#include "coracle/conf/places.h"

struct certs {
	char *directory;     /* owned; NULL: there is none for this registry */
	struct texts ca;     /* *.crt: authorities trusted beside the system's */
	struct texts client; /* *.cert */
	struct texts key;    /* *.key, as many as client and in the same order */
};

/*
 * certs_find - the first of these that exists counts, alone: own, then HOST below certs.d of ~/.config/containers,
 * ~/.config/docker, /etc/containers, /etc/docker
 *
 * own   --cert-dir, the directory itself; NULL: none; one that isn't there is an error
 * host  host[:port]
 * Returns 0, or a negative errno: a certificate without its key or the reverse, a directory that can't be read.
 */
int certs_find(const struct places *places, const char *own, const char *host, struct certs *out, struct error *err)
	NONNULL(1, 3, 4, 5) MUST_USE;
/*
 * certs_try_other - another certificate of ours might be taken where this error came
 *
 * Who refuses one says so by an alert, by an answer, or just breaks the connection (RFC 8446 §4.4.2.4).
 */
bool certs_try_other(const struct error *err) NONNULL(1) MUST_USE;
void certs_done(struct certs *certs) NONNULL(1);
#define AUTO_CERTS AUTO(certs_done)

#endif
