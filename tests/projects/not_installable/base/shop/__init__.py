import library_that_nobody_can_have

settings = library_that_nobody_can_have.Settings()
