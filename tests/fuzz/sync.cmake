rollcall_fuzzer(sync LINK cm_sync msgpack-c)
