/* GET /api/openapi.json */
#include "api/handlers.h"

#include "api/openapi.h"

void srv_api_openapi(struct srv_call *call)
{
    srv_answer(call, 200, "application/json", srv_openapi, (size_t)(srv_openapi_end - srv_openapi));
}
