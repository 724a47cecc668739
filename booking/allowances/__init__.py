"""How much of a type one may take within so many days: the rules, as those who keep the equipment write them."""
