deploy
fly
