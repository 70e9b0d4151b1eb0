"""The wire's types by noun: camelCase Structs, each with the function that shows a result in it."""
