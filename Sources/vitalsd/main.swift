print("vitalsd")
