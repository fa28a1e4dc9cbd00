rollcall_fuzzer(csv LINK cm_base)
