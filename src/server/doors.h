/* doors.h - what the protocols ask of the core. */
#ifndef SERVER_DOORS_H
#define SERVER_DOORS_H

#include "net/control.h"
#include "server/core.h"
#include "smtp/smtp.h"

/* Both keep the core as their context. */
smtp_backend doors_smtp_backend(core *c);
net_control_service doors_control_service(core *c);

#endif
