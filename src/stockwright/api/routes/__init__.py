"""The route table, by noun. `stockwright.api.table` joins the parts."""
