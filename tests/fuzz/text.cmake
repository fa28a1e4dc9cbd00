rollcall_fuzzer(text LINK cm_base cm_roster cm_sync cm_record)
