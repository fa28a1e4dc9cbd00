rollcall_fuzzer(record LINK cm_record msgpack-c)
