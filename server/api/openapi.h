/* The API's description, openapi.json, as it is in the program. */
#ifndef SRV_API_OPENAPI_H
#define SRV_API_OPENAPI_H

extern const char srv_openapi[], srv_openapi_end[];

#endif
