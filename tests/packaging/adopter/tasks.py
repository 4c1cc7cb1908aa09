from headgate import collection

ns = collection()
