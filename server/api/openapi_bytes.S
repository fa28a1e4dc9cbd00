/* openapi.json, as it is; OPENAPI_FILE is its path. */
    .section .rodata
    .global srv_openapi, srv_openapi_end
    .type srv_openapi, %object
srv_openapi:
    .incbin OPENAPI_FILE
srv_openapi_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
