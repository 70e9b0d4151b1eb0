"""The cloud form's entry points: one Lambda function each, a few lines around the same code.

    api            HTTP API → the same ASGI application
    stream         the table's stream → EventBridge
    queue          one SQS queue → one reaction (STOCKWRIGHT_HANDLER)
    dead_letters   what a queue gave up → error log, dead letter, alert
    sweep          the schedule → the sweeper

`routing.py` tells which events a queue's rule lets through; the stack is made from it.
"""
