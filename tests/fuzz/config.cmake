rollcall_fuzzer(config LINK cm_config)
